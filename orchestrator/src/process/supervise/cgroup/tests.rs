//! Against a plain directory that looks like the kernel's, and, where it may be
//! written, against the kernel's own.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use super::*;

/// A mount with the cgroups `/service` and `/service/main`, and these files in `/service`.
fn mount(files: &[(&str, &str)]) -> tempfile::TempDir {
    let mount = tempfile::tempdir().unwrap();
    fs::create_dir_all(mount.path().join("service/main")).unwrap();
    for (name, text) in files {
        fs::write(mount.path().join("service").join(name), text).unwrap();
    }
    mount
}

fn read(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_hierarchy_is_found_in_what_the_kernel_says() {
    let mounts = "24 1 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
                  30 24 0:26 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw\n";
    assert_eq!(mount_point(mounts).unwrap(), Path::new("/sys/fs/cgroup/unified"));
    assert_eq!(own_path("4:memory:/x\n0::/service/main\n"), Some("/service/main"));
    assert_eq!(own_path("4:memory:/x\n"), None);
}

#[test]
fn it_is_beside_our_own_where_memory_is_delegated() {
    let mount = mount(&[
        ("cgroup.controllers", "cpu memory pids\n"),
        ("cgroup.subtree_control", "memory\n"),
    ]);
    let cgroups = Cgroups::within(mount.path(), "/service/main").unwrap();
    assert_eq!(cgroups.parent, mount.path().join("service"));
}

#[test]
fn memory_is_asked_for_if_it_is_not_yet_shared_out() {
    let mount = mount(&[
        ("cgroup.controllers", "memory\n"),
        ("cgroup.subtree_control", "cpu\n"),
    ]);
    assert!(Cgroups::within(mount.path(), "/service/main").is_some());
    let asked = read(mount.path().join("service/cgroup.subtree_control"));
    assert_eq!(asked, "+memory");
}

#[test]
fn without_the_controller_there_is_none() {
    let mount = mount(&[
        ("cgroup.controllers", "cpu hugetlb\n"),
        ("cgroup.subtree_control", "\n"),
    ]);
    assert!(Cgroups::within(mount.path(), "/service/main").is_none());
    assert!(Cgroups::within(mount.path(), "/").is_none());
}

#[test]
fn it_limits_the_tree_and_tells_the_cause() {
    let mount = mount(&[]);
    let mut cgroups = Cgroups::below(&mount.path().join("service"));
    let cgroup = cgroups.make(200 << 20).unwrap();
    let file = |name: &str| cgroup.directory.join(name);
    assert_eq!(read(file("memory.max")), "209715200");
    assert_eq!(read(file("memory.oom.group")), "1");
    assert!(!cgroup.ran_out_of_memory());
    fs::write(
        file("memory.events"),
        "low 0\nmax 12\noom 1\noom_kill 0\noom_group_kill 0\n",
    )
    .unwrap();
    assert!(!cgroup.ran_out_of_memory());
    fs::write(
        file("memory.events"),
        "low 0\nmax 12\noom 1\noom_kill 3\noom_group_kill 1\n",
    )
    .unwrap();
    assert!(cgroup.ran_out_of_memory());
    cgroup.kill();
    assert_eq!(read(file("cgroup.kill")), "1");
    assert_ne!(cgroups.make(1).unwrap().directory, cgroup.directory);
}

#[test]
fn only_the_dead_ones_cgroups_are_removed() {
    let mount = mount(&[]);
    let parent = mount.path().join("service");
    let living = format!("{PREFIX}{}-1", std::process::id());
    // Above every possible pid (proc_sys_kernel(5), pid_max).
    let dead = format!("{PREFIX}4194305-1");
    for name in [&living, &dead, &format!("{PREFIX}mine"), "other-4194305-1"] {
        fs::create_dir(parent.join(name)).unwrap();
    }
    Cgroups::below(&parent);
    assert!(parent.join(living).exists() && !parent.join(dead).exists());
    assert!(parent.join(format!("{PREFIX}mine")).exists() && parent.join("other-4194305-1").exists());
}

/// The parts that need no memory controller, with the kernel itself.
#[test]
fn the_kernel_lets_in_kills_and_removes() {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let own = fs::read_to_string("/proc/self/cgroup").unwrap();
    let place = mount_point(&mounts).zip(own_path(&own));
    let Some(parent) = place.map(|(mount, own)| mount.join(own.trim_start_matches('/'))) else {
        eprintln!("SKIPPED: no cgroup2 is mounted");
        return;
    };
    let mut cgroups = Cgroups::below(&parent);
    let Ok(cgroup) = cgroups.make_unlimited() else {
        eprintln!("SKIPPED: this user may not make a cgroup in {}", parent.display());
        return;
    };
    let directory = cgroup.directory.clone();
    let mut child = Command::new("sh")
        .args(["-c", "echo 0 >\"$0/cgroup.procs\" && echo in && exec sleep 1000"])
        .arg(&directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 3];
    child.stdout.take().unwrap().read_exact(&mut said).unwrap();
    assert_eq!(read(directory.join("cgroup.procs")), format!("{}\n", child.id()));
    cgroup.kill();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    drop(cgroup);
    assert!(!directory.exists());
}
