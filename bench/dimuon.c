/* The dimuon loop as plain C with libdeflate: what bench/rootio.bench.ts compares with.
 *
 * usage: dimuon FILE flat|lists REPEATS [threads] < baskets
 * Standard input: one basket a line, `column seek nbytes first end`, in the order of columns and entries. The columns:
 * flat: mu1_pt mu1_eta mu1_phi mu1_charge mu2_pt mu2_eta mu2_phi mu2_charge weight; lists: nMuon, then pt eta phi charge of lists.
 * Prints the best CPU time of a loop over all entries, in seconds, and the sum of weights and of bin * weight;
 * with a fifth word the wall time of two threads at once, one over FILE0.root to FILE<REPEATS - 1>.root, the other over as many behind. */
#include <fcntl.h>
#include <libdeflate.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { COLUMNS = 9, BINS = 120 };
typedef struct { int column; long seek, nbytes, first, end; } Basket;
static Basket *baskets;
static size_t n_baskets;
static __thread double bins[BINS + 2];
/* Each thread its own. */
static __thread int file;
static __thread struct libdeflate_decompressor *decompressor;
static __thread unsigned char *packed, *unpacked;
static __thread uint32_t *columns[COLUMNS];

static uint32_t be32(const unsigned char *p) { uint32_t v; memcpy(&v, p, 4); return __builtin_bswap32(v); }

/* Appends the numbers of a basket to `out`; returns how many. */
static size_t read_basket(const Basket *b, uint32_t *out) {
  if (pread(file, packed, b->nbytes, b->seek) != b->nbytes) exit(2);
  uint32_t objlen = be32(packed + 6), keylen = packed[14] << 8 | packed[15];
  uint32_t border = be32(packed + keylen - 5) - keylen, filled = 0;
  const unsigned char *from = packed + keylen;
  if (objlen == b->nbytes - keylen) memcpy(unpacked, from, objlen);
  else while (filled < objlen) {
    uint32_t size = from[3] | from[4] << 8 | from[5] << 16, length = from[6] | from[7] << 8 | from[8] << 16;
    if (libdeflate_zlib_decompress(decompressor, from + 9, size, unpacked + filled, length, NULL)) exit(3);
    from += 9 + size;
    filled += length;
  }
  size_t n = border / 4;
  const uint32_t *words = (const uint32_t *)unpacked;
  for (size_t i = 0; i < n; i++) out[i] = __builtin_bswap32(words[i]);
  return n;
}

static void fill(double m, double w) {
  int bin = m < 60 ? 0 : m >= 120 ? BINS + 1 : 1 + (int)((m - 60) * BINS / 60);
  bins[bin] += w;
}

static double mass(float pt1, float eta1, float phi1, float pt2, float eta2, float phi2) {
  return sqrt(2.0 * pt1 * pt2 * (cosh((double)eta1 - eta2) - cos((double)phi1 - phi2)));
}

static void set_up(void) {
  decompressor = libdeflate_alloc_decompressor();
  packed = malloc(1 << 22);
  unpacked = malloc(1 << 24);
  for (int c = 0; c < COLUMNS; c++) columns[c] = malloc(4 * 4000000 + 64);
}

/* All entries of the file once. */
static void loop_over_file(int lists) {
  size_t filled[COLUMNS] = {0};
  for (size_t i = 0; i < n_baskets; i++) {
    int c = baskets[i].column;
    filled[c] += read_basket(&baskets[i], columns[c] + filled[c]);
  }
  const float *f[COLUMNS];
  const int32_t *n[COLUMNS];
  for (int c = 0; c < COLUMNS; c++) { f[c] = (float *)columns[c]; n[c] = (int32_t *)columns[c]; }
  if (lists) {
    long at = 0;
    for (size_t e = 0; e < filled[0]; at += n[0][e++])
      if (n[0][e] >= 2 && n[4][at] * n[4][at + 1] < 0)
        fill(mass(f[1][at], f[2][at], f[3][at], f[1][at + 1], f[2][at + 1], f[3][at + 1]), 1);
  } else
    for (size_t e = 0; e < filled[0]; e++)
      if (n[3][e] * n[7][e] < 0) fill(mass(f[0][e], f[1][e], f[2][e], f[4][e], f[5][e], f[6][e]), f[8][e]);
}

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static pthread_barrier_t ready;
typedef struct { const char *prefix; int first, files, lists; } Share;

/* A first loop over its files to warm up, then, all threads together, the one that counts. */
static void *thread(void *argument) {
  const Share *share = argument;
  set_up();
  for (int round = 0; round < 2; round++) {
    if (round == 1) pthread_barrier_wait(&ready);
    for (int i = 0; i < share->files; i++) {
      char name[4096];
      snprintf(name, sizeof name, "%s%d.root", share->prefix, share->first + i);
      if ((file = open(name, O_RDONLY)) < 0) exit(2);
      loop_over_file(share->lists);
      close(file);
    }
  }
  return NULL;
}

static double two_threads(const char *prefix, int files, int lists) {
  Share shares[2] = {{prefix, 0, files, lists}, {prefix, files, files, lists}};
  pthread_t threads[2];
  pthread_barrier_init(&ready, NULL, 3);
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, thread, &shares[i]);
  pthread_barrier_wait(&ready);
  double start = seconds(CLOCK_MONOTONIC);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  return seconds(CLOCK_MONOTONIC) - start;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int lists = strcmp(argv[2], "lists") == 0;
  Basket b;
  while (scanf("%d %ld %ld %ld %ld", &b.column, &b.seek, &b.nbytes, &b.first, &b.end) == 5) {
    baskets = realloc(baskets, (n_baskets + 1) * sizeof b);
    baskets[n_baskets++] = b;
  }
  if (argc == 5) {
    printf("%.9f\n", two_threads(argv[1], atoi(argv[3]), lists));
    return 0;
  }
  if ((file = open(argv[1], O_RDONLY)) < 0) return 2;
  set_up();
  double best = 1e9;
  for (int repeat = atoi(argv[3]); repeat > 0; repeat--) {
    memset(bins, 0, sizeof bins);
    double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    loop_over_file(lists);
    double s = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
    if (s < best) best = s;
  }
  double sum = 0, moment = 0;
  for (int i = 0; i < BINS + 2; i++) { sum += bins[i]; moment += i * bins[i]; }
  printf("%.9f %.6f %.6f\n", best, sum, moment);
  return 0;
}
