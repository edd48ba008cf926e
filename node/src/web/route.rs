//! Every route of the node's pages, and who may take it: one table.

use shouwang_pages::route::{self, Who};

use crate::people::account::Post;

/// A row of the node's table.
pub type Row = route::Row<Post>;

/// Also who is not signed in.
const EVERYBODY: Who<Post> = Who::Everybody;
/// Whoever is signed in: everybody publishes and may call for help.
const ANYONE: Who<Post> = Who::Roles(&Post::ALL);
/// Those who answer emergencies.
const DUTY: Who<Post> = Who::Roles(&[Post::SafetyManager, Post::Administrator]);
/// Those who invite.
const ADMINISTRATOR: Who<Post> = Who::Roles(&[Post::Administrator]);

shouwang_pages::routes! { Post;
    ShowShelf: Get "/" Page ANYONE,
    ShowNew: Get "/new/{kind}" Page ANYONE,
    Create: Post "/new/{kind}" Form ANYONE,
    ShowOwn: Get "/p/{id}" Page ANYONE,
    ShowEdit: Get "/p/{id}/edit" Page ANYONE,
    Revise: Post "/p/{id}/edit" Form ANYONE,
    Publish: Post "/p/{id}/publish" Form ANYONE,
    ShowWithdraw: Get "/p/{id}/withdraw" Page ANYONE,
    Withdraw: Post "/p/{id}/withdraw" Form ANYONE,
    AddFile: Post "/p/{id}/files" Upload ANYONE,
    GetFile: Get "/p/{id}/files/{sha256}" Page ANYONE,
    DropFile: Post "/p/{id}/files/{sha256}/drop" Form ANYONE,

    ShowImport: Get "/import" Page ANYONE,
    UploadDocument: Post "/import" Upload ANYONE,
    ShowDocument: Get "/import/{sha256}" Page ANYONE,
    ImportDocument: Post "/import/{sha256}" Form ANYONE,
    GetTemplate: Get "/template/{kind}" Page ANYONE,
    Export: Get "/export" Page ANYONE,

    ShowAid: Get "/aid" Page ANYONE,
    ShowAidNow: Get "/aid/now" Fragment ANYONE,
    Answer: Post "/aid/answer" Form DUTY,
    MarkSeen: Post "/aid/seen" Form DUTY,
    ShowCall: Get "/aid/call" Page ANYONE,
    Call: Post "/aid/call" Form ANYONE,
    ShowWent: Get "/aid/went" Page DUTY,
    TellWent: Post "/aid/went" Form DUTY,
    ShowOffline: Get "/aid/offline" Page ANYONE,

    ShowSignIn: Get "/login" Page EVERYBODY,
    SignIn: Post "/login" Form EVERYBODY,
    SignOut: Post "/logout" Form ANYONE,
    ShowLink: Get "/link/{secret}" Page EVERYBODY,
    TakeLink: Post "/link/{secret}" Form EVERYBODY,
    ShowAccount: Get "/account" Page ANYONE,
    ChangePassword: Post "/account/password" Form ANYONE,

    ShowPeople: Get "/people" Page ADMINISTRATOR,
    InvitePerson: Post "/people" Form ADMINISTRATOR,
    RelinkPerson: Post "/people/{id}/link" Form ADMINISTRATOR,
    DisablePerson: Post "/people/{id}/disable" Form ADMINISTRATOR,
}

#[cfg(test)]
mod tests {
    use shouwang_pages::route::{Manner, Method};

    use super::*;

    #[test]
    fn rows_are_plain() {
        for row in TABLE {
            let changes = matches!(row.manner, Manner::Form | Manner::Upload);
            assert_eq!(row.method == Method::Post, changes, "{}", row.name);
            assert!(!matches!(row.who, Who::Roles([])), "{}", row.name);
        }
    }
}
