//! weir-user-tasks
