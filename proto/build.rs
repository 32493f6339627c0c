//! Compiles every `.proto` below `proto/` without a `protoc` on the machine.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new("proto");
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    println!("cargo:rerun-if-changed=proto");

    let descriptors = protox::compile(&files, [root])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;

    tonic_prost_build::configure()
        .bytes(".weir.record")
        .bytes(".weir.node")
        .bytes(".weir.archive")
        // A command or event is as large as its largest variant: box the rare ones.
        .boxed(".weir.record.v1.Event.kind.task_changed")
        .boxed(".weir.record.v1.Event.kind.task_created")
        .boxed(".weir.record.v1.Event.kind.incident_raised")
        .boxed(".weir.record.v1.Event.kind.instance_created")
        .boxed(".weir.record.v1.Event.kind.job_created")
        .boxed(".weir.record.v1.Event.kind.timer_created")
        .boxed(".weir.record.v1.Event.kind.message_published")
        .boxed(".weir.record.v1.Event.kind.record_published")
        .boxed(".weir.record.v1.Command.kind.park_record")
        .boxed(".weir.record.v1.Work.kind.publish")
        .boxed(".weir.record.v1.Work.kind.spread_signal")
        .boxed(".weir.record.v1.Event.kind.subscription_opened")
        .boxed(".weir.record.v1.Event.kind.remote_subscription_opened")
        .boxed(".weir.record.v1.Event.kind.stream_opened")
        .boxed(".weir.record.v1.Event.kind.send_queued")
        .boxed(".weir.record.v1.Event.kind.resource_added")
        .boxed(".weir.record.v1.Event.kind.deployment_pended")
        .boxed(".weir.record.v1.Event.kind.definition_added")
        .boxed(".weir.record.v1.Event.kind.decision_requirements_added")
        .boxed(".weir.record.v1.Event.kind.decision_added")
        .boxed(".weir.record.v1.Event.kind.decision_evaluated")
        // What most entries do not have, of millions that wait.
        .boxed(".weir.record.v1.Instance.origin")
        .boxed(".weir.record.v1.Instance.awaiting")
        .boxed(".weir.record.v1.ElementInstance.owned")
        .compile_fds(descriptors)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
