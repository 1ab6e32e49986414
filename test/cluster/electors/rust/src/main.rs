//! A candidate of the crate kube-leader-election. It says in the manner of test/fixtures/worker.mjs when it leads, and steps down on
//! SIGTERM.
//!
//!   elector KUBECONFIG NAMESPACE LEASE IDENTITY
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube_leader_election::{LeaseLock, LeaseLockParams, LeaseLockResult};
use tokio::signal::unix::{SignalKind, signal};

fn say(event: &str) {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let pid = std::process::id();
    println!(r#"{{"worker":{pid},"event":"{event}","atMs":{}}}"#, at.as_secs_f64() * 1000.0);
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [kubeconfig, namespace, lease, identity] = words.as_slice() else {
        return Err("usage: elector KUBECONFIG NAMESPACE LEASE IDENTITY".into());
    };
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(Kubeconfig::read_from(kubeconfig)?, &options).await?;
    let params = LeaseLockParams {
        lease_name: lease.clone(),
        holder_id: identity.clone(),
        lease_ttl: Duration::from_secs(6),
    };
    let lock = LeaseLock::new(kube::Client::try_from(config)?, namespace, params);
    let mut stopped = signal(SignalKind::terminate())?;
    let mut leads = false;
    loop {
        let led = leads;
        match lock.try_acquire_or_renew().await {
            Ok(LeaseLockResult::Acquired(_)) => leads = true,
            Ok(LeaseLockResult::NotAcquired(_)) => {
                leads = false;
                println!("waiting");
            }
            Err(error) => println!("{error}"),
        }
        if led != leads {
            say(if leads { "start" } else { "end" });
        }
        tokio::select! {
            _ = tokio::time::sleep(Duration::from_secs(1)) => {}
            _ = stopped.recv() => break,
        }
    }
    if leads {
        say("end");
        lock.step_down().await?;
    }
    Ok(())
}
