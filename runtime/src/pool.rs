//! The thread pool: persistent workers that spin briefly, then park, and join a launch that is already running.
//!
//! Invariants: a launch allocates nothing; [`Pool::run`] returns only when no worker can touch its closure any more; a
//! pool that is busy (a nested launch, or a second thread's) runs the new launch inline, so launches never deadlock.
//!
//! A launch never waits for a worker to wake up: the caller works through the tasks itself, and a worker that arrives
//! late finds the gate shut. Unsafe code: the borrowed closure is handed to the workers as a raw pointer.

use std::any::Any;
use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a thread spins before it parks: longer than the gap between two launches of one run, short enough
/// that an idle pool costs nothing.
const SPIN: Duration = Duration::from_micros(30);

type Body<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Threads that execute the tasks of a launch together with the thread that asks for it.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    /// A pool in which `threads` threads work on a launch: the caller and `threads - 1` workers. Zero counts as one.
    /// Where the system refuses a thread, the pool works with those it got.
    pub fn new(threads: usize) -> Pool {
        let crowded = threads > default_threads();
        let shared = Arc::new(Shared::new(if crowded { Duration::ZERO } else { SPIN }));
        let worker = |index| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("cresset-{index}")).spawn(move || shared.serve(index)).ok()
        };
        let workers = (1..threads).map_while(worker).collect();
        Pool { shared, workers }
    }

    /// The process-wide pool of `threads` threads, started on first use and stopped when its last user drops it.
    pub fn global(threads: usize) -> Arc<Pool> {
        static POOLS: Mutex<BTreeMap<usize, Weak<Pool>>> = Mutex::new(BTreeMap::new());
        let mut pools = lock(&POOLS);
        if let Some(pool) = pools.get(&threads).and_then(Weak::upgrade) {
            return pool;
        }
        let pool = Arc::new(Pool::new(threads));
        pools.insert(threads, Arc::downgrade(&pool));
        pool
    }

    /// The number of threads that can work on one launch, the caller included; at least 1.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `body(task, worker)` once for every `task` in `0..tasks`, in no fixed order, and returns when all are done.
    ///
    /// `worker < self.threads()` is the same for two tasks only if they do not overlap in time, within this launch.
    /// Tasks are handed out one by one, so uneven ones balance. A panic in a task cancels the tasks not yet begun and
    /// goes on in the caller; the pool stays usable.
    pub fn run(&self, tasks: usize, body: &Body<'_>) {
        if tasks <= 1 || self.workers.is_empty() || !self.shared.claim() {
            (0..tasks).for_each(|task| body(task, 0));
            return;
        }
        self.shared.launch(tasks, body);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        self.shared.wake(usize::MAX);
        for worker in self.workers.drain(..) {
            // Workers catch every panic of a task: a join cannot fail.
            let _ = worker.join();
        }
    }
}

/// The threads the process may use at once.
pub fn default_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The gate word: workers inside (low half), whether more may enter, and the number of the launch.
const INSIDE: u64 = (1 << 32) - 1;
const OPEN: u64 = 1 << 32;
const LAUNCH: u64 = 1 << 33;

/// What the workers of a launch execute.
struct Job {
    body: *const Body<'static>,
    tasks: usize,
}

struct Shared {
    /// Held by the thread whose launch uses the pool.
    claimed: AtomicBool,
    gate: AtomicU64,
    /// Written while the gate is shut and nobody is inside; read by those inside.
    job: UnsafeCell<Job>,
    next: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    spin: Duration,
    stop: AtomicBool,
    sleepers: AtomicUsize,
    bed: Mutex<()>,
    /// Rung for the workers when a launch opens or the pool stops.
    work: Condvar,
    /// Rung for the caller when the last worker leaves a shut gate.
    done: Condvar,
}

// SAFETY: everything but `job` is Sync by itself. `job` is written only by the thread that holds `claimed`, while the gate
// is shut and empty, and read only between entering and leaving the gate; the closure behind its pointer is Sync.
unsafe impl Sync for Shared {}
// SAFETY: the raw pointer in `job` is dereferenced only as described above, on whatever thread.
unsafe impl Send for Shared {}

impl Shared {
    fn new(spin: Duration) -> Shared {
        fn nothing(_: usize, _: usize) {}
        Shared {
            claimed: AtomicBool::new(false),
            gate: AtomicU64::new(0),
            job: UnsafeCell::new(Job { body: &nothing, tasks: 0 }),
            next: AtomicUsize::new(0),
            panic: Mutex::new(None),
            spin,
            stop: AtomicBool::new(false),
            sleepers: AtomicUsize::new(0),
            bed: Mutex::new(()),
            work: Condvar::new(),
            done: Condvar::new(),
        }
    }

    fn claim(&self) -> bool {
        !self.claimed.swap(true, Acquire)
    }

    /// Runs one launch; the caller has claimed the pool.
    fn launch(&self, tasks: usize, body: &Body<'_>) {
        let body: *const Body<'_> = body;
        // SAFETY: only the lifetime changes. Workers dereference the pointer inside the gate alone, and `shut`
        // below does not return before the gate is shut and empty, that is, within the lifetime of `body`.
        let body = unsafe { std::mem::transmute::<*const Body<'_>, *const Body<'static>>(body) };
        // SAFETY: the claim is held, and the previous launch left the gate shut and empty: nobody else looks at `job`.
        unsafe { *self.job.get() = Job { body, tasks } };
        self.next.store(0, Relaxed);
        self.gate.store((self.gate.load(Relaxed) & !INSIDE).wrapping_add(LAUNCH) | OPEN, SeqCst);
        self.wake(tasks - 1);
        self.work_off(0);
        self.shut();
        let panic = lock(&self.panic).take();
        self.claimed.store(false, Release);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Executes tasks until none is left. The caller is inside the gate or owns the launch.
    fn work_off(&self, worker: usize) {
        // SAFETY: `job` is not written while someone is inside the gate or the launch is running.
        let job = unsafe { &*self.job.get() };
        // SAFETY: the closure outlives the launch, see `launch`.
        let body = unsafe { &*job.body };
        let tasks = || {
            loop {
                let task = self.next.fetch_add(1, Relaxed);
                if task >= job.tasks {
                    break;
                }
                body(task, worker);
            }
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(tasks)) {
            self.next.store(job.tasks, Relaxed);
            lock(&self.panic).get_or_insert(panic);
        }
    }

    /// Lets nobody in any more and waits until everybody has left.
    fn shut(&self) {
        self.gate.fetch_and(!OPEN, SeqCst);
        let empty = || self.gate.load(Acquire) & INSIDE == 0;
        if self.spin_until(empty) {
            return;
        }
        let mut bed = lock(&self.bed);
        while !empty() {
            bed = wait(&self.done, bed);
        }
    }

    /// The life of a worker.
    fn serve(&self, worker: usize) {
        let mut seen = 0;
        loop {
            let news = || self.stop.load(SeqCst) || self.offers(seen);
            if !self.spin_until(news) {
                self.sleep_until(news);
            }
            if self.stop.load(SeqCst) {
                return;
            }
            let gate = self.gate.load(SeqCst);
            if gate & OPEN != 0 && self.gate.compare_exchange(gate, gate + 1, SeqCst, Relaxed).is_ok() {
                seen = gate / LAUNCH;
                self.work_off(worker);
                self.leave();
            }
        }
    }

    fn leave(&self) {
        let before = self.gate.fetch_sub(1, SeqCst);
        if before & OPEN == 0 && before & INSIDE == 1 {
            drop(lock(&self.bed));
            self.done.notify_all();
        }
    }

    /// Whether a launch is open that is not number `seen`.
    fn offers(&self, seen: u64) -> bool {
        let gate = self.gate.load(SeqCst);
        gate & OPEN != 0 && gate / LAUNCH != seen
    }

    /// Wakes up to `count` sleeping workers.
    fn wake(&self, count: usize) {
        // The gate was written before this load, and a sleeper counts itself before it looks at the gate (both SeqCst):
        // either it is counted here, or it sees the news.
        let count = count.min(self.sleepers.load(SeqCst));
        if count > 0 {
            drop(lock(&self.bed));
            (0..count).for_each(|_| self.work.notify_one());
        }
    }

    fn sleep_until(&self, news: impl Fn() -> bool) {
        let mut bed = lock(&self.bed);
        self.sleepers.fetch_add(1, SeqCst);
        while !news() {
            bed = wait(&self.work, bed);
        }
        self.sleepers.fetch_sub(1, SeqCst);
    }

    /// Spins for a bounded time; whether the condition came true.
    fn spin_until(&self, condition: impl Fn() -> bool) -> bool {
        let start = Instant::now();
        loop {
            for _ in 0..64 {
                if condition() {
                    return true;
                }
                spin_loop();
            }
            if start.elapsed() >= self.spin {
                return false;
            }
            // Where threads share a core, the one that spins would keep the one that works from running.
            thread::yield_now();
        }
    }
}

// No code that can panic runs under these locks: a poisoned one is as good as new.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<'a>(bell: &Condvar, guard: MutexGuard<'a, ()>) -> MutexGuard<'a, ()> {
    bell.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every task of a launch runs exactly once, with a worker index in range.
    fn check(pool: &Pool, tasks: usize) {
        let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
        pool.run(tasks, &|task, worker| {
            assert!(worker < pool.threads());
            counts[task].fetch_add(1, Relaxed);
        });
        assert!(counts.iter().all(|c| c.load(Relaxed) == 1));
    }

    #[test]
    fn every_task_runs_once() {
        for threads in [0, 1, 2, 3, 8] {
            let pool = Pool::new(threads);
            assert_eq!(pool.threads(), threads.max(1));
            [0, 1, 2, 7, 100].iter().for_each(|&tasks| check(&pool, tasks));
        }
    }

    #[test]
    fn many_small_launches() {
        let pool = Pool::new(3);
        for round in 0..20_000 {
            check(&pool, round % 9);
        }
    }

    #[test]
    fn launches_after_the_workers_parked() {
        let pool = Pool::new(3);
        for _ in 0..100 {
            thread::sleep(Duration::from_micros(200));
            check(&pool, 5);
        }
    }

    #[test]
    fn several_callers_at_once() {
        let pool = Pool::new(3);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..2000).for_each(|round| check(&pool, round % 6)));
            }
        });
    }

    #[test]
    fn nested_launches_run_inline() {
        let pool = Pool::new(2);
        let count = AtomicUsize::new(0);
        pool.run(8, &|_, _| {
            pool.run(8, &|_, worker| {
                assert_eq!(worker, 0);
                count.fetch_add(1, Relaxed);
            })
        });
        assert_eq!(count.into_inner(), 64);
    }

    #[test]
    fn long_tasks_let_the_caller_park() {
        let pool = Pool::new(2);
        for _ in 0..20 {
            pool.run(3, &|task, _| thread::sleep(Duration::from_micros(300 * task as u64)));
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_pool_usable() {
        let pool = Pool::new(3);
        for round in 0..200 {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                pool.run(20, &|task, _| {
                    if task == round % 20 {
                        resume_unwind(Box::new(round))
                    }
                });
            }));
            assert_eq!(caught.unwrap_err().downcast_ref(), Some(&round));
            check(&pool, 10);
        }
    }

    #[test]
    fn two_workers_never_share_an_index() {
        let pool = Pool::new(4);
        let busy: Vec<AtomicBool> = (0..4).map(|_| AtomicBool::new(false)).collect();
        pool.run(2000, &|_, worker| {
            assert!(!busy[worker].swap(true, SeqCst));
            spin_loop();
            busy[worker].store(false, SeqCst);
        });
    }

    #[test]
    fn global_pools_are_shared_while_in_use() {
        let one = Pool::global(2);
        assert!(Arc::ptr_eq(&one, &Pool::global(2)));
        assert!(!Arc::ptr_eq(&one, &Pool::global(3)));
    }
}
