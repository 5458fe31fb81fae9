/* The interpreter of lowered programs for blocks of B lanes; included for each B.

   The rows come from the lists in rules.h, which name their operands: LANE(x) declares the number of
   the operand x in lane i. */

#define IN_BLOCK__(name, b) name##_##b
#define IN_BLOCK_(name, b) IN_BLOCK__(name, b)
#define IN_BLOCK(name) IN_BLOCK_(name, B)

/* Compute one instruction. F adds up `value - value` of what is checked, so that a NaN is left where it
   was not finite. D has for each lane the first guard with another outcome, or -1; returns 0 if no lane
   is left without such a guard. */
INLINE int
IN_BLOCK(step)(const Instruction I, const int32_t *operands, double *restrict L,
               const double *restrict U, double *restrict F, double *restrict D)
{
    double *O = L + (size_t)I.out * B;
    switch (I.code) {
        UNARY_ROWS(FORWARD_UNARY)
        BINARY_ROWS(FORWARD_BINARY)
        SUM_ROWS(FORWARD_SUM)
        PAIR_ROWS(FORWARD_PAIR)
        DOT_ROWS(FORWARD_DOT)
        GENERAL_ROWS(FORWARD_GENERAL)
        COMPARISON_ROWS(FORWARD_CHOICE)
        COMPARISON_ROWS(FORWARD_GUARD)
    case SPLAT: {
        UNIFORM(I.a, x)
        LANES O[i] = x;
    } break;
    case CHECK: {
        SLOT(I.a, x)
        SLOT(I.b, y)
        SLOT(I.n, z)
        EVERY { LANE(x) LANE(y) LANE(z) F[i] += (O[i] - O[i]) + (x - x) + (y - y) + (z - z); }
    } break;
    default:
        break;
    }
    return 1;
}

/* Compute the instructions, until no lane is left. A processor predicts each of several places from
   which the code goes on better than a single place, which matters for single lanes. */
#if B > 1
CLONES
#endif
static int
IN_BLOCK(forward)(const Instruction *code, Py_ssize_t count, const int32_t *operands,
                  double *restrict L, const double *restrict U, double *restrict F,
                  double *restrict D)
{
#define STEP(k) if (!IN_BLOCK(step)(code[p + (k)], operands, L, U, F, D)) return 0;
    Py_ssize_t p = 0;
#if B == 1
    for (; p + 4 <= count; p += 4) {
        STEP(0) STEP(1) STEP(2) STEP(3)
    }
#endif
    for (; p < count; p++) {
        STEP(0)
    }
#undef STEP
    return 1;
}

/* Take back one instruction: add to the adjoints of the lane slots in A, and to the partial sums of the
   sites in S. */
INLINE void
IN_BLOCK(back)(const Reversal I, const int32_t *operands, const double *restrict L,
               const double *restrict U, double *restrict A, double *restrict S)
{
    static const double nothing[B] = {0.0};
    const double *out_lanes = L + (size_t)I.out * B, *G = A + (size_t)I.g * B;
    switch (I.code) {
        UNARY_ROWS(REVERSE_UNARY)
        BINARY_ROWS(REVERSE_BINARY)
        SUM_ROWS(REVERSE_SUM)
        PAIR_ROWS(REVERSE_PAIR)
        DOT_ROWS(REVERSE_DOT)
        GENERAL_ROWS(REVERSE_GENERAL)
        COMPARISON_ROWS(REVERSE_CHOICE)
    default:
        break;
    }
}

#if B > 1
CLONES
#endif
static void
IN_BLOCK(reverse)(const Reversal *code, Py_ssize_t count, const int32_t *operands,
                  const double *restrict L, const double *restrict U, double *restrict A,
                  double *restrict S)
{
#define STEP(k) IN_BLOCK(back)(code[p + (k)], operands, L, U, A, S);
    Py_ssize_t p = 0;
#if B == 1
    for (; p + 4 <= count; p += 4) {
        STEP(0) STEP(1) STEP(2) STEP(3)
    }
#endif
    for (; p < count; p++)
        STEP(0)
#undef STEP
}
