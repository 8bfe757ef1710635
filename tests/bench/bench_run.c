/* How fast `consilium run` is, and how much memory it takes: cases a second and peak memory with 1 and 2
 * workers.
 *
 *     build/tests/bench_run [PROGRAM [CASES]]      default: the program beside it, 200 synthetic cases
 *
 * Makes a cohort and a model in a temporary folder, runs each number of workers three times for time and once
 * for memory, each into a fresh folder, and prints the median and the range. Memory is the proportional set
 * size (a page that n processes share counts 1/n in each) of the conductor and of the whole tree of
 * processes, sampled every 5 ms. Durable commits are part of what is measured. */
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 3, MAX_TREE = 256 };

typedef struct measure {
    double seconds, conductor_mb, tree_mb;
} measure;

extern char **environ;

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

/* Runs a command to its end, quietly. The exit status must be 0. Looking at memory takes time from what is
 * looked at, so that a round measures one or the other. */
static measure run(char *const *argv, bool memory)
{
    measure m = {0};
    pid_t process;
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", 1, 0);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", 1, 0);
    double start = now();
    if (posix_spawn(&process, argv[0], &quiet, NULL, argv, environ)) {
        fprintf(stderr, "bench_run: cannot start %s\n", argv[0]);
        exit(3);
    }
    posix_spawn_file_actions_destroy(&quiet);
    int how = 0;
    while (waitpid(process, &how, memory ? WNOHANG : 0) == 0) {
        double own = pss(process), all = tree_pss(process);
        if (own > m.conductor_mb) m.conductor_mb = own;
        if (all > m.tree_mb) m.tree_mb = all;
        usleep(5000);
    }
    m.seconds = now() - start;
    if (!WIFEXITED(how) || WEXITSTATUS(how)) {
        fprintf(stderr, "bench_run: %s %s failed\n", argv[0], argv[1]);
        exit(3);
    }
    return m;
}

static int by_seconds(const void *a, const void *b)
{
    double x = ((const measure *)a)->seconds, y = ((const measure *)b)->seconds;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    char program[PATH_MAX] = "", folder[] = "/tmp/consilium-bench-XXXXXX";
    if (argc > 1) {
        snprintf(program, sizeof program, "%s", argv[1]);
    } else {
        ssize_t length = readlink("/proc/self/exe", program, sizeof program - 16);
        for (int up = 0; up < 2 && length > 0; up++)
            *strrchr(program, '/') = 0; /* build/tests/bench_run -> build */
        strcat(program, "/consilium");
    }
    char *count = argc > 2 ? argv[2] : "200";
    double cases = atof(count);
    if (!mkdtemp(folder) || setenv("XDG_CONFIG_HOME", folder, 1) < 0) return 3;
    char cohort[64], model[64], out[64];
    snprintf(cohort, sizeof cohort, "%s/cohort", folder);
    snprintf(model, sizeof model, "%s/m.safetensors", folder);
    printf("cohort of %s synthetic cases, model of 2 epochs, in %s\n", count, folder);
    run((char *[]){program, "synth", "--cases", count, "--seed", "1", "--out", cohort, NULL}, false);
    run((char *[]){program, "train", cohort, "--out", model, "--epochs", "2", "--seed", "1", NULL}, false);
    printf("%4s  %22s  %14s  %9s\n", "jobs", "cases/s (min to max)", "conductor MB", "all MB");
    double single = 0;
    for (int jobs = 1; jobs <= 2; jobs++) {
        measure rounds[ROUNDS + 1]; /* the last one for memory */
        char number[8];
        snprintf(number, sizeof number, "%d", jobs);
        for (int i = 0; i <= ROUNDS; i++) {
            snprintf(out, sizeof out, "%s/out-%d-%d", folder, jobs, i);
            rounds[i] = run(
                (char *[]){program, "run", cohort, "--model", model, "--out", out, "--jobs", number, NULL},
                i == ROUNDS);
        }
        qsort(rounds, ROUNDS, sizeof *rounds, by_seconds);
        measure *m = &rounds[ROUNDS / 2];
        printf("%4d  %6.1f (%.1f to %.1f)  %14.1f  %9.1f\n", jobs, cases / m->seconds,
               cases / rounds[ROUNDS - 1].seconds, cases / rounds[0].seconds, rounds[ROUNDS].conductor_mb,
               rounds[ROUNDS].tree_mb);
        if (jobs == 1) single = m->seconds;
        if (jobs == 2) printf("2 workers give %.2f times 1 worker\n", single / m->seconds);
        fflush(stdout);
    }
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) ? 3 : 0;
}
