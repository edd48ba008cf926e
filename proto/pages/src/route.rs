//! What a table of routes is made of: each server has its own table, with its own roles.
//!
//! A route is a type, and its handler takes an [`Asked`](crate::asked::Asked) of that type, which only a request that
//! has passed the table becomes. So a handler without a row does not compile; a row without a handler fails a test.

/// What a route gives, and so how it says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// A page: who is not signed in is led to the sign-in.
    Page,
    /// What a form sends: as a page.
    Form,
    /// What a form with files sends: as a page.
    Upload,
    /// A piece of a page, asked for by a script: 401 and 403.
    Fragment,
    /// JSON for programs, also with a token: 401 and 403 with the reason.
    Api,
}

/// Who may take a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who<Role: 'static> {
    /// Also who is not signed in.
    Everybody,
    /// Who is signed in with one of these roles.
    Roles(&'static [Role]),
}

impl<Role: PartialEq> Who<Role> {
    /// True for somebody who is signed in with this role.
    #[must_use]
    pub fn has(&self, role: &Role) -> bool {
        match self {
            Self::Everybody => true,
            Self::Roles(roles) => roles.contains(role),
        }
    }
}

/// The two methods there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Looks.
    Get,
    /// Changes something.
    Post,
}

/// A route and who may take it.
pub trait Route: Send + Sync + 'static {
    /// The roles of its server.
    type Role: 'static;
    /// Its row.
    const ROW: Row<Self::Role>;
}

/// A row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<Role: 'static> {
    /// The route's name.
    pub name: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path, with `{names}`.
    pub path: &'static str,
    /// What it gives.
    pub manner: Manner,
    /// Who may take it.
    pub who: Who<Role>,
}

/// Makes a table: a type for each route in the module `to`, and all rows in `TABLE`.
///
/// ```
/// use shouwang_pages::route::Who;
/// const EVERYBODY: Who<u8> = Who::Everybody;
/// shouwang_pages::routes! { u8;
///     ShowSignIn: Get "/login" Page EVERYBODY,
/// }
/// assert_eq!(TABLE.len(), 1);
/// ```
#[macro_export]
macro_rules! routes {
    ($role:ty; $($name:ident: $method:ident $path:literal $manner:ident $who:expr,)+) => {
        /// One type for each route.
        pub mod to {
            $(
                #[doc = concat!("`", stringify!($method), " ", $path, "`.")]
                #[derive(Clone, Copy, Debug)]
                pub struct $name;
            )+
        }

        $(
            impl $crate::route::Route for to::$name {
                type Role = $role;
                const ROW: $crate::route::Row<$role> = $crate::route::Row {
                    name: stringify!($name),
                    method: $crate::route::Method::$method,
                    path: $path,
                    manner: $crate::route::Manner::$manner,
                    who: $who,
                };
            }
        )+

        /// Every row.
        pub const TABLE: &[$crate::route::Row<$role>] = &[$(<to::$name as $crate::route::Route>::ROW,)+];
    };
}
