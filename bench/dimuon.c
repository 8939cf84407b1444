/* The dimuon loop as plain C with libdeflate: what bench/rootio.bench.ts compares with.
 *
 * usage: dimuon FILE flat|lists REPEATS < baskets
 * Standard input: one basket a line, `column seek nbytes first end`, in the order of columns and entries. The columns:
 * flat: mu1_pt mu1_eta mu1_phi mu1_charge mu2_pt mu2_eta mu2_phi mu2_charge weight; lists: nMuon, then pt eta phi charge of lists.
 * Prints the best CPU time of a loop over all entries, in seconds, and the sum of weights and of bin * weight. */
#include <fcntl.h>
#include <libdeflate.h>
#include <math.h>
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
static double bins[BINS + 2];
static int file;
static struct libdeflate_decompressor *decompressor;
static unsigned char packed[1 << 22], unpacked[1 << 24];

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

static void *column_of(long entries) { return malloc(4 * entries + 64); }

int main(int argc, char **argv) {
  if (argc != 4 || (file = open(argv[1], O_RDONLY)) < 0) return 2;
  int lists = strcmp(argv[2], "lists") == 0;
  Basket b;
  while (scanf("%d %ld %ld %ld %ld", &b.column, &b.seek, &b.nbytes, &b.first, &b.end) == 5) {
    baskets = realloc(baskets, (n_baskets + 1) * sizeof b);
    baskets[n_baskets++] = b;
  }
  decompressor = libdeflate_alloc_decompressor();
  uint32_t *columns[COLUMNS];
  for (int c = 0; c < COLUMNS; c++) columns[c] = column_of(4000000);
  double best = 1e9;
  for (int repeat = atoi(argv[3]); repeat > 0; repeat--) {
    struct timespec t0, t1;
    memset(bins, 0, sizeof bins);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
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
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
    double s = (t1.tv_sec - t0.tv_sec) + 1e-9 * (t1.tv_nsec - t0.tv_nsec);
    if (s < best) best = s;
  }
  double sum = 0, moment = 0;
  for (int i = 0; i < BINS + 2; i++) { sum += bins[i]; moment += i * bins[i]; }
  printf("%.9f %.6f %.6f\n", best, sum, moment);
  return 0;
}
