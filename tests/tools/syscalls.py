"""System calls as places where something goes wrong: which of them a run makes, as strace tells it,
and with which errors each can fail."""

import collections
import os
import re

# What changes nothing but the process that calls, or can't fail in a way that its manual page knows.
# A process may well be killed there.
NEVER_FAIL = set("""
    arch_prctl brk close close_range dup dup2 dup3 epoll_ctl epoll_create1 exit_group execve fcntl
    futex getcwd getdents64 geteuid getgid getegid getpgrp getpid getppid getrandom gettid getuid
    inotify_rm_watch ioctl kill listen lseek madvise mlock mmap mprotect mremap munmap
    pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall rseq rt_sigaction
    rt_sigprocmask rt_sigreturn sched_getaffinity sched_yield set_robust_list set_tid_address
    setsockopt shutdown sigaltstack sysinfo tgkill umask uname wait4""".split())

# As the manual pages have them, as far as it can happen here; those of tests/crash/calls.h, but by the
# names that the kernel knows.
ERRORS = {
    "EIO": """access chmod faccessat faccessat2 fallocate fchmod fchmodat fdatasync fsync fstat
              ftruncate lstat mkdir mkdirat newfstatat openat pread64 pwrite64 read readlink rename
              renameat renameat2 stat statfs sync_file_range unlinkat write fstatfs""",
    "ENOSPC": """fallocate fdatasync inotify_add_watch mkdir mkdirat openat pwrite64 rename renameat
                 renameat2 write""",
    "EINTR": "connect epoll_pwait epoll_wait poll read recvfrom recvmsg sendmsg sendto write",
    "EMFILE": """accept4 eventfd2 inotify_init1 memfd_create openat pipe2 signalfd4 socket socketpair
                 timerfd_create""",
    "EAGAIN": "clone clone3 vfork",
    "ECONNREFUSED": "connect",
    "ECONNRESET": "recvfrom recvmsg sendmsg sendto",
    "EADDRINUSE": "bind",
}


def errors_of(kind):
    return [error for error, names in ERRORS.items() if kind.split()[0] in names.split()]


Place = collections.namedtuple("Place", "name nth")


def places(log, marker):
    """Every call of a run, from the one on whose line the marker stands first, with its number among
    those of its name; the log is that of a run of which all calls were traced. By kind: their name,
    and those that have to do with the journal apart from others of that name."""
    count, found = collections.Counter(), {}
    with open(log, errors="replace") as f:
        for line in f:
            name = re.match(r"(\w+)\(", line)
            if not name:
                continue
            count[name[1]] += 1
            if found or marker in line:
                kind = name[1] + (" of the journal" if "journal.jsonl" in line else "")
                found.setdefault(kind, []).append(Place(name[1], count[name[1]]))
    assert found, f"no call has to do with {marker}"
    return found


def some(of_kind, most, rng):
    """At most so many places of one kind, anywhere among them; the first of all calls of that name
    only when there is no other."""
    later = [place for place in of_kind if place.nth > 1] or of_kind
    return sorted(rng.sample(later, min(most, len(later))))
