//! Words of telling: how far a notice has come, and what became of a word that was said at a node.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{UNKNOWN, UnknownTerm, Worded};
use crate::wire;

term!(
    /// How far a notice has come, in its order.
    DeliveryState is NoticeDeliveryState {
        /// In the outbox.
        Queued = "queued", "待发", "queued";
        /// On the link, not acknowledged.
        Sent = "sent", "已发出", "sent";
        /// On the disk of the member's node.
        Delivered = "delivered", "已送达", "delivered";
        /// A person has seen it.
        Seen = "seen", "已阅", "seen";
        /// A person has answered it.
        Answered = "answered", "已答复", "answered";
        /// Too old to be of use.
        Expired = "expired", "已过期", "expired";
    }
);
term!(
    /// How far a word said at a node has come.
    OwnCommandState is OwnCommandState {
        /// On the node's disk; the hub does not have it yet.
        Waiting = "waiting", "已存盘，待送达中心", "on disk, waits for the hub";
        /// The hub has decided.
        Answered = "answered", "中心已答复", "decided by the hub";
    }
);
