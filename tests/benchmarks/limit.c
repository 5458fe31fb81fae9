/* The limit for a step of the 2-16-16-1 ReLU network: mean squared loss and its 337 derivatives.

   Written by hand for this network alone, with the vectors of gcc. A vector holds neurons, not
   samples. Some samples go through a layer at a time, so that no sum waits for the one before; sums
   over samples stay in registers for a block of them. Build it with:
   gcc -O3 -march=native -shared -fPIC limit.c */
#include <string.h>

/* Sums of a group of samples in a layer, and of some rows of the middle one, fit the registers. */
#ifdef __AVX512F__
enum { LANES = 8, GROUP = 8, ROWS = 4 };
#else
enum { LANES = 4, GROUP = 2, ROWS = 2 };
#endif
enum { HIDDEN = 16, VECTORS = HIDDEN / LANES, BLOCK = 64 }; /* what a block keeps fits the caches */

#define UNROLL _Pragma("GCC unroll 16")
#ifdef __AVX__ /* a vector that is not read again for each use */
#define IN_REGISTER(x) __asm__("" : "+v"(x))
#else
#define IN_REGISTER(x) ((void)0)
#endif

typedef double vector __attribute__((vector_size(LANES * sizeof(double))));
typedef long mask __attribute__((vector_size(LANES * sizeof(double))));
typedef union {
    vector v[VECTORS];
    double x[HIDDEN];
} layer;

/* In the order of the parameters: rows of weights, then biases, layer by layer. */
typedef struct {
    double in[HIDDEN][2], in_bias[HIDDEN];
    double middle[HIDDEN][HIDDEN], middle_bias[HIDDEN];
    double out[HIDDEN], out_bias;
} network;

static inline vector positive(vector z, vector x) { return (vector)((z > 0.0) & (mask)x); }

/* The sum of all lanes, in each lane. */
static inline vector total(vector x)
{
#ifdef __AVX512F__
    x += __builtin_shuffle(x, (mask){4, 5, 6, 7, 0, 1, 2, 3});
    x += __builtin_shuffle(x, (mask){2, 3, 0, 1, 6, 7, 4, 5});
    return x + __builtin_shuffle(x, (mask){1, 0, 3, 2, 5, 4, 7, 6});
#else
    x += __builtin_shuffle(x, (mask){2, 3, 0, 1});
    return x + __builtin_shuffle(x, (mask){1, 0, 3, 2});
#endif
}

/* Add the rows of a matrix, weighted, for each sample of a group. */
static inline void multiply(const layer *rows, const layer *weights, layer *sums)
{
    vector acc[GROUP][VECTORS];
    UNROLL for (int s = 0; s < GROUP; s++)
        UNROLL for (int v = 0; v < VECTORS; v++) acc[s][v] = sums[s].v[v];
    for (int i = 0; i < HIDDEN; i++) {
        vector row[VECTORS];
        UNROLL for (int v = 0; v < VECTORS; v++) row[v] = rows[i].v[v];
        UNROLL for (int v = 0; v < VECTORS; v++) IN_REGISTER(row[v]);
        UNROLL for (int s = 0; s < GROUP; s++)
            UNROLL for (int v = 0; v < VECTORS; v++) acc[s][v] += row[v] * weights[s].x[i];
    }
    UNROLL for (int s = 0; s < GROUP; s++)
        UNROLL for (int v = 0; v < VECTORS; v++) sums[s].v[v] = acc[s][v];
}

void step(const network *p, const double (*x)[2], const double *t, long n, double *loss, network *g)
{
    layer in[2], in_bias, middle[HIDDEN], turned[HIDDEN], middle_bias, out;
    for (int i = 0; i < HIDDEN; i++) {
        in[0].x[i] = p->in[i][0];
        in[1].x[i] = p->in[i][1];
        in_bias.x[i] = p->in_bias[i];
        middle_bias.x[i] = p->middle_bias[i];
        out.x[i] = p->out[i];
        for (int j = 0; j < HIDDEN; j++) middle[i].x[j] = turned[j].x[i] = p->middle[i][j];
    }
    vector by_in[2][VECTORS] = {0}, by_in_bias[VECTORS] = {0}, by_middle_bias[VECTORS] = {0};
    vector by_out[VECTORS] = {0}, by_middle[HIDDEN][VECTORS] = {0};
    vector squares = {0}, by_out_bias = {0};

    static _Thread_local layer first[BLOCK], second[BLOCK], back1[BLOCK], back2[BLOCK];
    static _Thread_local vector back[BLOCK];
    static _Thread_local double x0[BLOCK], x1[BLOCK], target[BLOCK], own[BLOCK];
    for (long start = 0; start < n; start += BLOCK) {
        const int count = n - start < BLOCK ? (int)(n - start) : BLOCK;
        const int padded = (count + GROUP - 1) / GROUP * GROUP; /* what is added weighs nothing */
        for (int s = 0; s < padded; s++) {
            x0[s] = s < count ? x[start + s][0] : 0.0;
            x1[s] = s < count ? x[start + s][1] : 0.0;
            target[s] = s < count ? t[start + s] : 0.0;
            own[s] = s < count ? 1.0 : 0.0;
        }
        for (int s = 0; s < padded; s += GROUP) {
            UNROLL for (int k = s; k < s + GROUP; k++)
                UNROLL for (int v = 0; v < VECTORS; v++) {
                    const vector z = in_bias.v[v] + in[0].v[v] * x0[k] + in[1].v[v] * x1[k];
                    first[k].v[v] = positive(z, z);
                    second[k].v[v] = middle_bias.v[v];
                }
            multiply(turned, first + s, second + s);
            UNROLL for (int k = s; k < s + GROUP; k++) {
                vector products = {0};
                UNROLL for (int v = 0; v < VECTORS; v++) {
                    second[k].v[v] = positive(second[k].v[v], second[k].v[v]);
                    products += second[k].v[v] * out.v[v];
                }
                const vector error = (total(products) + (p->out_bias - target[k])) * own[k];
                squares += error * error;
                back[k] = error * (2.0 / (double)n);
                UNROLL for (int v = 0; v < VECTORS; v++) {
                    back2[k].v[v] = positive(second[k].v[v], out.v[v] * back[k]);
                    back1[k].v[v] = (vector){0};
                }
            }
            multiply(middle, back2 + s, back1 + s);
        }
        for (int v = 0; v < VECTORS; v++) {
            vector x0_sum = by_in[0][v], x1_sum = by_in[1][v], in_sum = by_in_bias[v];
            vector middle_sum = by_middle_bias[v], out_sum = by_out[v], bias_sum = {0};
            for (int k = 0; k < padded; k++) {
                const vector z = positive(first[k].v[v], back1[k].v[v]);
                in_sum += z;
                x0_sum += z * x0[k];
                x1_sum += z * x1[k];
                middle_sum += back2[k].v[v];
                out_sum += second[k].v[v] * back[k];
                bias_sum += back[k];
            }
            by_in[0][v] = x0_sum;
            by_in[1][v] = x1_sum;
            by_in_bias[v] = in_sum;
            by_middle_bias[v] = middle_sum;
            by_out[v] = out_sum;
            if (v == 0) by_out_bias += bias_sum;
        }
        for (int row = 0; row < HIDDEN; row += ROWS) {
            vector acc[ROWS][VECTORS];
            UNROLL for (int j = 0; j < ROWS; j++)
                UNROLL for (int v = 0; v < VECTORS; v++) acc[j][v] = by_middle[row + j][v];
            for (int k = 0; k < padded; k++) {
                vector active[VECTORS];
                UNROLL for (int v = 0; v < VECTORS; v++) active[v] = first[k].v[v];
                UNROLL for (int v = 0; v < VECTORS; v++) IN_REGISTER(active[v]);
                UNROLL for (int j = 0; j < ROWS; j++)
                    UNROLL for (int v = 0; v < VECTORS; v++)
                        acc[j][v] += active[v] * back2[k].x[row + j];
            }
            UNROLL for (int j = 0; j < ROWS; j++)
                UNROLL for (int v = 0; v < VECTORS; v++) by_middle[row + j][v] = acc[j][v];
        }
    }
    const layer *in0 = (layer *)by_in[0], *in1 = (layer *)by_in[1];
    for (int i = 0; i < HIDDEN; i++) {
        g->in[i][0] = in0->x[i];
        g->in[i][1] = in1->x[i];
    }
    memcpy(g->in_bias, by_in_bias, sizeof g->in_bias);
    memcpy(g->middle, by_middle, sizeof g->middle);
    memcpy(g->middle_bias, by_middle_bias, sizeof g->middle_bias);
    memcpy(g->out, by_out, sizeof g->out);
    g->out_bias = by_out_bias[0];
    *loss = squares[0] / (double)n;
}
