/* What a command takes: seconds, processor seconds and peak memory, of itself and all processes below it.
 *
 *     bench_run COMMAND [ARGUMENT...]      prints SECONDS PROCESSOR MB FIRST_MB
 *
 * Runs it twice, quietly; it must end with 0 each time. What it writes is removed before each run where the
 * environment variable BENCH_RUN_OUT names it. The first run gives the times. Processor time is the kernel's
 * task clock, inherited by every process that the command starts, waited for or not; 0 where the kernel does
 * not let us count. The second run gives the memory: the proportional set size (a page that n processes share
 * counts 1/n in each) of the whole tree, and of the command's own process, the greatest of samples every 5
 * ms; looking takes time from what is looked at. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_TREE = 256 };

typedef struct measure {
    double seconds, processor, first_mb, tree_mb;
} measure;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Proportional set size in MB, 0 if the process is gone. */
static double pss(pid_t process)
{
    char path[64], line[256];
    double kilobytes = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)process);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "Pss: %lf kB", &kilobytes) == 1) break;
    if (f) fclose(f);
    return kilobytes / 1024;
}

/* Of a process and all below it. */
static double tree_pss(pid_t root)
{
    pid_t todo[MAX_TREE] = {root};
    int count = 1;
    double sum = 0;
    for (int i = 0; i < count; i++) {
        char path[64];
        int child;
        sum += pss(todo[i]);
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)todo[i], (int)todo[i]);
        FILE *f = fopen(path, "r");
        while (f && count < MAX_TREE && fscanf(f, "%d", &child) == 1) todo[count++] = child;
        if (f) fclose(f);
    }
    return sum;
}

/* -1 if it may not be counted. */
static int count_processor_time(pid_t process)
{
    struct perf_event_attr what = {.type = PERF_TYPE_SOFTWARE,
                                   .size = sizeof what,
                                   .config = PERF_COUNT_SW_TASK_CLOCK,
                                   .inherit = 1,
                                   .disabled = 1,
                                   .enable_on_exec = 1};
    return (int)syscall(SYS_perf_event_open, &what, process, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Waits for a byte before it becomes the command, so that nothing of it goes uncounted. */
static pid_t start(char **argv, int *go)
{
    int ends[2];
    if (pipe(ends) < 0) return -1;
    pid_t process = fork();
    if (process == 0) {
        char byte;
        bool told = read(ends[0], &byte, 1) == 1 && freopen("/dev/null", "w", stdout) &&
                    freopen("/dev/null", "w", stderr);
        close(ends[0]);
        close(ends[1]);
        if (told) execvp(argv[0], argv);
        _exit(127);
    }
    close(ends[0]);
    *go = ends[1];
    return process;
}

static void clear_output(void)
{
    const char *out = getenv("BENCH_RUN_OUT");
    char command[4096];
    if (!out) return;
    snprintf(command, sizeof command, "rm -rf '%s'", out);
    if (system(command)) exit(3);
}

static measure run(char **argv, bool memory)
{
    measure m = {0};
    int go, how = 0;
    clear_output();
    pid_t process = start(argv, &go);
    if (process < 0) {
        fprintf(stderr, "bench_run: cannot start %s: %s\n", argv[0], strerror(errno));
        exit(3);
    }
    int counter = count_processor_time(process);
    unsigned long long nanoseconds = 0;
    double begun = now();
    if (write(go, "", 1) != 1) exit(3);
    close(go);
    while (waitpid(process, &how, memory ? WNOHANG : 0) == 0) {
        double own = pss(process), all = tree_pss(process);
        if (own > m.first_mb) m.first_mb = own;
        if (all > m.tree_mb) m.tree_mb = all;
        usleep(5000);
    }
    m.seconds = now() - begun;
    if (counter >= 0 && read(counter, &nanoseconds, sizeof nanoseconds) == sizeof nanoseconds)
        m.processor = (double)nanoseconds * 1e-9;
    if (counter >= 0) close(counter);
    if (!WIFEXITED(how) || WEXITSTATUS(how)) {
        fprintf(stderr, "bench_run: %s %s failed\n", argv[0], argv[1] ? argv[1] : "");
        exit(3);
    }
    return m;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_run COMMAND [ARGUMENT...]\n");
        return 2;
    }
    measure time = run(argv + 1, false), memory = run(argv + 1, true);
    printf("%.4f %.4f %.1f %.1f\n", time.seconds, time.processor, memory.tree_mb, memory.first_mb);
    return 0;
}
