//! How the program ends, for scripts.

use std::process::ExitCode;

use tonic::Code;

/// Shown at the end of every `--help` and in the README.
pub(crate) const EXIT_CODES: &str = "\
Exit codes （退出码）:
  0  done （成功）
  1  something failed here, or `doctor` found something wrong （本机出错，或 doctor 发现问题）
  2  wrong usage, or no context （用法有误，或没有上下文）
  3  refused by the server: bad input or not possible now （服务器拒绝：输入有误或当前不可行）
  4  not found （未找到）
  5  not allowed: token missing, expired or without the right （无权限）
  6  unreachable: no connection, or no answer in time （无法连接）
  7  partly done: some lines were refused （部分完成：有记录被拒绝）
  8  conflict: somebody was faster, or things have changed; look again （冲突：情况已变，请重新查看）";

/// The exit codes; a stable contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All done.
    Done = 0,
    /// Something failed on this machine, or `doctor` found something wrong.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// The server refused: bad input, or a precondition does not hold.
    Refused = 3,
    /// There is no such thing, or not for this caller.
    NotFound = 4,
    /// The token is missing, wrong, expired or has not the right.
    NotAllowed = 5,
    /// No connection, or no answer in time.
    Unreachable = 6,
    /// Some lines were refused, the others are done.
    Partly = 7,
    /// What the decision was made from has changed: another version, a resource taken, an order superseded.
    Conflict = 8,
}

impl Exit {
    /// The exit code for an answer of a server. `ours` is true for a refusal with a reason of ours: such an answer
    /// comes from a living server even when its code says unavailable.
    pub(crate) fn of(code: Code, ours: bool) -> Self {
        match code {
            Code::Ok => Self::Done,
            Code::NotFound => Self::NotFound,
            Code::PermissionDenied | Code::Unauthenticated => Self::NotAllowed,
            Code::InvalidArgument
            | Code::AlreadyExists
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::OutOfRange => Self::Refused,
            Code::Aborted if ours => Self::Conflict,
            Code::Aborted => Self::Refused,
            Code::Unavailable if ours => Self::Refused,
            Code::Unavailable | Code::DeadlineExceeded => Self::Unreachable,
            Code::Cancelled | Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => {
                Self::Failed
            }
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_map_to_exits() {
        for (code, ours, exit) in [
            (Code::InvalidArgument, true, 3),
            (Code::FailedPrecondition, true, 3),
            (Code::Aborted, true, 8),
            (Code::Aborted, false, 3),
            (Code::NotFound, true, 4),
            (Code::Unauthenticated, true, 5),
            (Code::PermissionDenied, false, 5),
            (Code::Unavailable, false, 6),
            (Code::Unavailable, true, 3),
            (Code::DeadlineExceeded, true, 6),
            (Code::Internal, false, 1),
        ] {
            assert_eq!(Exit::of(code, ours) as u8, exit, "{code:?} {ours}");
        }
    }

    #[test]
    fn every_exit_is_documented() {
        for exit in [
            Exit::Done,
            Exit::Failed,
            Exit::Usage,
            Exit::Refused,
            Exit::NotFound,
            Exit::NotAllowed,
            Exit::Unreachable,
            Exit::Partly,
            Exit::Conflict,
        ] {
            assert!(EXIT_CODES.contains(&format!("\n  {}  ", exit as u8)), "{exit:?}");
        }
    }
}
