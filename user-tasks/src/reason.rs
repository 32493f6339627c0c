//! The reasons of errors, as `google.rpc.ErrorInfo` carries them; `usertask.proto` says what each means.

/// The `domain` of every `ErrorInfo` of this service.
pub const DOMAIN: &str = "weir.usertask";

// The machine's own, which it gives with a rejection.
pub const TASK_NOT_FOUND: &str = "TASK_NOT_FOUND";
pub const TASK_ALREADY_COMPLETED: &str = "TASK_ALREADY_COMPLETED";
pub const TASK_CANCELED: &str = "TASK_CANCELED";
pub const TASK_ALREADY_CLAIMED: &str = "TASK_ALREADY_CLAIMED";
pub const TASK_NOT_CLAIMED: &str = "TASK_NOT_CLAIMED";
pub const TASK_ASSIGNED_TO_OTHER: &str = "TASK_ASSIGNED_TO_OTHER";
pub const TASK_ASSIGNEE_CHANGED: &str = "TASK_ASSIGNEE_CHANGED";
pub const USER_EXCLUDED: &str = "USER_EXCLUDED";
pub const NOT_A_CANDIDATE: &str = "NOT_A_CANDIDATE";
pub const NOTHING_TO_UPDATE: &str = "NOTHING_TO_UPDATE";
pub const TASK_RECORDS_FULL: &str = "TASK_RECORDS_FULL";

// Found here before the machine is asked, or there.
pub const USER_MISSING: &str = "USER_MISSING";
pub const PRIORITY_INVALID: &str = "PRIORITY_INVALID";
pub const COMMENT_EMPTY: &str = "COMMENT_EMPTY";
pub const COMMENT_TOO_LONG: &str = "COMMENT_TOO_LONG";
pub const VARIABLES_INVALID: &str = "VARIABLES_INVALID";
pub const VARIABLES_TOO_LARGE: &str = "VARIABLES_TOO_LARGE";

// Of this service.
pub const FIELD_INVALID: &str = "FIELD_INVALID";
pub const PAGE_TOKEN_INVALID: &str = "PAGE_TOKEN_INVALID";
pub const POSITION_INVALID: &str = "POSITION_INVALID";
pub const POSITION_NOT_REACHED: &str = "POSITION_NOT_REACHED";
pub const REQUEST_ID_REUSED: &str = "REQUEST_ID_REUSED";
pub const WATCHES_FULL: &str = "WATCHES_FULL";
pub const WATCH_TOO_SLOW: &str = "WATCH_TOO_SLOW";

// The node's, which it gives when a command or a query fails.
pub const COMMAND_TOO_LARGE: &str = "COMMAND_TOO_LARGE";
pub const OVERLOADED: &str = "OVERLOADED";
pub const DISK_FULL: &str = "DISK_FULL";
pub const UNAVAILABLE: &str = "UNAVAILABLE";
pub const STOPPING: &str = "STOPPING";
pub const INTERNAL: &str = "INTERNAL";
