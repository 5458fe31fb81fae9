/* What lanes.h does for each row. The names L, U, A, S, O, G and I are its variables. */

#define LANES for (int i = 0; i < B; i++)
#define EVERY INDEPENDENT LANES
#define SLOT(slot, name) const double *name##_lanes = L + (size_t)(slot) * B;
#define UNIFORM(slot, name) const double name = U[slot];
#define LANE(name) const double name = name##_lanes[i]; (void)name;
#define KNOWN(name) (void)name;

/* --- the way forward: rows of one or two operands ----------------------------------------------- */

#define FORWARD_UNARY(NAME, VALUE, DX)                                                             \
    case NAME##_L: {                                                                               \
        SLOT(I.a, x)                                                                               \
        EVERY { LANE(x) O[i] = VALUE; }                                                            \
    } break;

#define FORWARD_BINARY(NAME, VALUE, DX, DY)                                                        \
    case NAME##_LL: {                                                                              \
        SLOT(I.a, x) SLOT(I.b, y)                                                                  \
        EVERY { LANE(x) LANE(y) O[i] = VALUE; }                                                    \
    } break;                                                                                       \
    case NAME##_UL: {                                                                              \
        UNIFORM(I.a, x) SLOT(I.b, y)                                                               \
        EVERY { LANE(y) O[i] = VALUE; }                                                            \
    } break;                                                                                       \
    case NAME##_LU: {                                                                              \
        SLOT(I.a, x) UNIFORM(I.b, y)                                                               \
        EVERY { LANE(x) O[i] = VALUE; }                                                            \
    } break;

/* --- rows over sequences ------------------------------------------------------------------------ */

/* The arrays of operands and targets, and the length of the sequences. */
#define SEQUENCES const int32_t *xs = operands + I.a; const int each = I.n;
#define TARGETS const int32_t *ts = operands + I.ta;
#define TERMS for (int j = 0; j < each; j++)

/* For each form, what a term takes before the loop over lanes, and what it declares in a lane. */
#define TAKE_L(k) const double *first##k = L + (size_t)xs[j + k] * B;
#define TAKE_LL(k) TAKE_L(k) const double *second##k = L + (size_t)xs[each + j + k] * B;
#define TAKE_UL(k) const double first##k = U[xs[j + k]], *second##k = L + (size_t)xs[each + j + k] * B;
#define TAKE_LU(k) TAKE_L(k) const double second##k = U[xs[each + j + k]];
#define READ_L(k, X, Y) const double X = first##k[i]; KNOWN(X)
#define READ_LL(k, X, Y) const double X = first##k[i]; const double Y = second##k[i]; KNOWN(X) KNOWN(Y)
#define READ_UL(k, X, Y) const double X = first##k; const double Y = second##k[i]; KNOWN(X) KNOWN(Y)
#define READ_LU(k, X, Y) const double X = first##k[i]; const double Y = second##k; KNOWN(X) KNOWN(Y)

/* Single lanes, and compilers without vectors. */
#define FORWARD_LANES(FORM, X, Y, SUM, TERM, TAKE_SINGLE, READ, Z, VALUE)                          \
    {                                                                                              \
        SEQUENCES                                                                                  \
        TAKE_SINGLE                                                                                \
        double totals[B];                                                                          \
        LANES totals[i] = each ? -0.0 : 0.0;                                                       \
        TERMS {                                                                                    \
            TAKE_##FORM(0)                                                                         \
            LANES { READ_##FORM(0, X, Y) totals[i] += TERM; }                                      \
        }                                                                                          \
        LANES { const double SUM = totals[i]; READ(Z) O[i] = VALUE; }                              \
    } break;

#if defined(__GNUC__) && !defined(AUTOGRAD_MINI_PLAIN_LANES)
#define HAS_VECTORS

/* The rules of these rows are plain arithmetic, which GNU's vectors have too. A sum of half a block
   stays in registers, where an array would not. */
typedef double Vector __attribute__((vector_size(PARTS * sizeof(double))));
#define VECTORS(pointer) ((Vector *)(pointer))
#define VECTOR_L(k, v, X, Y) const Vector X = VECTORS(first##k)[v]; KNOWN(X)
#define VECTOR_LL(k, v, X, Y)                                                                      \
    const Vector X = VECTORS(first##k)[v]; const Vector Y = VECTORS(second##k)[v]; KNOWN(X) KNOWN(Y)
#define VECTOR_UL(k, v, X, Y)                                                                      \
    const double X = first##k; const Vector Y = VECTORS(second##k)[v]; KNOWN(X) KNOWN(Y)
#define VECTOR_LU(k, v, X, Y)                                                                      \
    const Vector X = VECTORS(first##k)[v]; const double Y = second##k; KNOWN(X) KNOWN(Y)
#define WHOLE_LANE(v, name) const Vector name = VECTORS(name##_lanes)[v]; KNOWN(name)
#define WHOLE_KNOWN(v, name) KNOWN(name)

#define FORWARD_VECTORS(FORM, X, Y, SUM, TERM, TAKE_SINGLE, READ, Z, VALUE)                        \
    {                                                                                              \
        SEQUENCES                                                                                  \
        TAKE_SINGLE                                                                                \
        for (int v = 0; v < B / PARTS; v += 4) {                                                   \
            const Vector zero = {0.0};                                                             \
            Vector total0 = each ? -zero : zero, total1 = total0, total2 = total0, total3 = total0; \
            for (int j = 0; j < each; j++) {                                                       \
                TAKE_##FORM(0)                                                                     \
                { VECTOR_##FORM(0, v, X, Y) total0 += TERM; }                                      \
                { VECTOR_##FORM(0, v + 1, X, Y) total1 += TERM; }                                  \
                { VECTOR_##FORM(0, v + 2, X, Y) total2 += TERM; }                                  \
                { VECTOR_##FORM(0, v + 3, X, Y) total3 += TERM; }                                  \
            }                                                                                      \
            { const Vector SUM = total0; WHOLE_##READ(v, Z) VECTORS(O)[v] = VALUE; }               \
            { const Vector SUM = total1; WHOLE_##READ(v + 1, Z) VECTORS(O)[v + 1] = VALUE; }       \
            { const Vector SUM = total2; WHOLE_##READ(v + 2, Z) VECTORS(O)[v + 2] = VALUE; }       \
            { const Vector SUM = total3; WHOLE_##READ(v + 3, Z) VECTORS(O)[v + 3] = VALUE; }       \
        }                                                                                          \
    } break;
#else
#define FORWARD_VECTORS FORWARD_LANES
#endif

#define FORWARD_TERMS_1 FORWARD_LANES
#define FORWARD_TERMS_64 FORWARD_VECTORS
#define FORWARD_TERMS IN_BLOCK(FORWARD_TERMS)
#define NOTHING
#define WHOLE_SKIP(v, name)
#define SKIP(name)
#define FORWARD_SUM(NAME, X, SUM, TERM, VALUE, DX)                                                 \
    case NAME##_L: FORWARD_TERMS(L, X, X, SUM, TERM, NOTHING, SKIP, X, VALUE)
#define FORWARD_PAIR(NAME, X, Y, SUM, TERM, VALUE, DX, DY)                                         \
    case NAME##_LL: FORWARD_TERMS(LL, X, Y, SUM, TERM, NOTHING, SKIP, X, VALUE)                    \
    case NAME##_UL: FORWARD_TERMS(UL, X, Y, SUM, TERM, NOTHING, SKIP, X, VALUE)                    \
    case NAME##_LU: FORWARD_TERMS(LU, X, Y, SUM, TERM, NOTHING, SKIP, X, VALUE)
#define TAKE_LANE(Z) SLOT(xs[2 * each], Z)
#define TAKE_UNIFORM(Z) UNIFORM(xs[2 * each], Z)
#define FORWARD_DOT(NAME, X, Y, Z, SUM, TERM, VALUE, DX, DY, DZ)                                   \
    case NAME##_LLL: FORWARD_TERMS(LL, X, Y, SUM, TERM, TAKE_LANE(Z), LANE, Z, VALUE)              \
    case NAME##_ULL: FORWARD_TERMS(UL, X, Y, SUM, TERM, TAKE_LANE(Z), LANE, Z, VALUE)              \
    case NAME##_LUL: FORWARD_TERMS(LU, X, Y, SUM, TERM, TAKE_LANE(Z), LANE, Z, VALUE)              \
    case NAME##_LLU: FORWARD_TERMS(LL, X, Y, SUM, TERM, TAKE_UNIFORM(Z), KNOWN, Z, VALUE)          \
    case NAME##_ULU: FORWARD_TERMS(UL, X, Y, SUM, TERM, TAKE_UNIFORM(Z), KNOWN, Z, VALUE)          \
    case NAME##_LUU: FORWARD_TERMS(LU, X, Y, SUM, TERM, TAKE_UNIFORM(Z), KNOWN, Z, VALUE)

/* The general form, of which `autograd_mini.engines.native.lanes` writes the code. */
#define ITEM(k, name) FENCE; SLOT(xs[(k) * each + j], name)
#define SINGLE(sequences, k, name) SLOT(xs[(sequences) * each + (k)], name)
#define REDUCTION(name, loads, first) double name##_lanes[B]; LANES { loads name##_lanes[i] = first; }
#define STATE(name) double name = name##_lanes[i];
#define STORE(name) name##_lanes[i] = name;
#define FORWARD_GENERAL(NAME, ...) case NAME##_L: { SEQUENCES NAME##_FORWARD } break;
#define REVERSE_GENERAL(NAME, ...) case NAME##_L: { SEQUENCES TARGETS NAME##_REVERSE } break;

/* --- choices and guards ------------------------------------------------------------------------- */

#define FORWARD_CHOICE(NAME, SIGN)                                                                 \
    case CHOICE_##NAME: {                                                                          \
        const int32_t *xs = operands + I.a;                                                        \
        SLOT(xs[0], a) SLOT(xs[1], b) SLOT(xs[2], x) SLOT(xs[3], y)                                \
        EVERY { LANE(a) LANE(b) LANE(x) LANE(y) O[i] = a SIGN b ? x : y; }                         \
    } break;
#define REVERSE_CHOICE(NAME, SIGN)                                                                 \
    case CHOICE_##NAME: {                                                                          \
        const int32_t *xs = operands + I.a;                                                        \
        TARGETS                                                                                    \
        SLOT(xs[0], a) SLOT(xs[1], b)                                                              \
        SPREAD(ts[2], LANE(a) LANE(b), a SIGN b ? 1.0 : 0.0)                                       \
        SPREAD(ts[3], LANE(a) LANE(b), a SIGN b ? 0.0 : 1.0)                                       \
    } break;

/* Note the guard in the lanes that have agreed so far, if its outcome differs there. */
#define FORWARD_GUARD(NAME, SIGN)                                                                  \
    case GUARD_##NAME##_LL: {                                                                      \
        SLOT(I.a, x) SLOT(I.b, y)                                                                  \
        NOTE_GUARD(LANE(x) LANE(y), x SIGN y)                                                      \
    } break;                                                                                       \
    case GUARD_##NAME##_LU: {                                                                      \
        SLOT(I.a, x) UNIFORM(I.b, y)                                                               \
        NOTE_GUARD(LANE(x), x SIGN y)                                                              \
    } break;
#define NOTE_GUARD(LOADS, TEST)                                                                    \
    {                                                                                              \
        const double guard = I.out, outcome = I.n;                                                 \
        int agreeing = 0;                                                                          \
        LANES {                                                                                    \
            LOADS                                                                                  \
            const double found = (TEST) ? 1.0 : 0.0;                                               \
            D[i] = D[i] < 0.0 && found != outcome ? guard : D[i];                                  \
        }                                                                                          \
        for (int i = 0; i < B && !agreeing; i++)                                                   \
            agreeing = D[i] < 0.0;                                                                 \
        if (!agreeing)                                                                             \
            return 0;                                                                              \
    }

/* --- the way back -------------------------------------------------------------------------------- */

/* Add the products of the adjoint and a partial derivative to a target, for every lane. */
#define SPREAD(target, LOADS, PARTIAL)                                                             \
    {                                                                                              \
        const int32_t t = target;                                                                  \
        if (t >= 0) {                                                                              \
            double *T = A + (size_t)(t >> 1) * B;                                                  \
            const double *before = t & 1 ? nothing : T;                                            \
            EVERY { LOADS T[i] = before[i] + G[i] * (PARTIAL); }                                   \
        }                                                                                          \
        else                                                                                       \
            COLLECT(t, LOADS, PARTIAL)                                                             \
    }

/* The same for a site: lane i is added to the partial sum i % 8. In a block of one lane, S is the
   place for this lane. */
#define COLLECT(target, LOADS, PARTIAL)                                                            \
    if ((target) <= FIRST_SITE) {                                                                  \
        double *sums = S + (size_t)(FIRST_SITE - (target)) * PARTS, T[WIDTH];                      \
        for (int k = 0; k < WIDTH; k++)                                                            \
            T[k] = sums[k];                                                                        \
        for (int at = 0; at < B; at += WIDTH)                                                      \
            for (int k = 0; k < WIDTH; k++) {                                                      \
                const int i = at + k;                                                              \
                LOADS T[k] += G[i] * (PARTIAL);                                                    \
            }                                                                                      \
        for (int k = 0; k < WIDTH; k++)                                                            \
            sums[k] = T[k];                                                                        \
    }
#define WIDTH (B < PARTS ? B : PARTS)

#define REVERSE_UNARY(NAME, VALUE, DX)                                                             \
    case NAME##_L: {                                                                               \
        SLOT(I.a, x)                                                                               \
        double *T = A + (size_t)(I.ta >> 1) * B;                                                   \
        const double *before = I.ta & 1 ? nothing : T;                                             \
        EVERY { LANE(x) LANE(out) T[i] = before[i] + G[i] * (DX); }                                \
    } break;

#define REVERSE_BINARY(NAME, VALUE, DX, DY)                                                        \
    case NAME##_LL: {                                                                              \
        SLOT(I.a, x) SLOT(I.b, y)                                                                  \
        LANE_SPREAD(I.ta, LANE(x) LANE(y) LANE(out), DX)                                           \
        LANE_SPREAD(I.tb, LANE(x) LANE(y) LANE(out), DY)                                           \
    } break;                                                                                       \
    case NAME##_UL: {                                                                              \
        UNIFORM(I.a, x) SLOT(I.b, y)                                                               \
        COLLECT(I.ta, KNOWN(x) LANE(y) LANE(out), DX)                                              \
        LANE_SPREAD(I.tb, KNOWN(x) LANE(y) LANE(out), DY)                                          \
    } break;                                                                                       \
    case NAME##_LU: {                                                                              \
        SLOT(I.a, x) UNIFORM(I.b, y)                                                               \
        LANE_SPREAD(I.ta, LANE(x) KNOWN(y) LANE(out), DX)                                          \
        COLLECT(I.tb, LANE(x) KNOWN(y) LANE(out), DY)                                              \
    } break;

/* To a lane slot, or nowhere. */
#define LANE_SPREAD(target, LOADS, PARTIAL)                                                        \
    if ((target) >= 0) {                                                                           \
        double *T = A + (size_t)((target) >> 1) * B;                                               \
        const double *before = (target) & 1 ? nothing : T;                                         \
        EVERY { LOADS T[i] = before[i] + G[i] * (PARTIAL); }                                       \
    }

/* The eager engine goes through the first sequence, then through the second. If one of them is
   uniform, they share no lane slot, and one loop for both gives the same sums. */
#define REVERSE_SUM(NAME, X, SUM, TERM, VALUE, DX)                                                 \
    case NAME##_L: {                                                                               \
        SEQUENCES TARGETS                                                                          \
        TERMS { TAKE_L(0) SPREAD(ts[j], READ_L(0, X, X) LANE(out), DX) }                           \
    } break;
#define REVERSE_TERMS_LL(X, Y, DX, DY)                                                             \
    TERMS { TAKE_LL(0) SPREAD(ts[j], READ_LL(0, X, Y) LANE(out), DX) }                             \
    TERMS { TAKE_LL(0) SPREAD(ts[each + j], READ_LL(0, X, Y) LANE(out), DY) }
#ifdef HAS_VECTORS
/* The sums of four sites at a time do not wait for each other. Perhaps nothing is to be added to the
   lanes, as these are inputs. */
#define FOUR_SITES(t) ((t)[0] <= FIRST_SITE && (t)[1] <= FIRST_SITE && (t)[2] <= FIRST_SITE && (t)[3] <= FIRST_SITE)
#define FOUR_LANES(t) ((t)[0] >= 0 && (t)[1] >= 0 && (t)[2] >= 0 && (t)[3] >= 0)
#define NO_LANES(t) ((t)[0] == NOWHERE && (t)[1] == NOWHERE && (t)[2] == NOWHERE && (t)[3] == NOWHERE)
#define SITE_OF(k) VECTORS(S + (size_t)(FIRST_SITE - ts[j + k]) * PARTS)
#define TARGET_OF(k)                                                                               \
    Vector *target##k = VECTORS(A + (size_t)(ts[each + j + k] >> 1) * B);                          \
    const Vector *before##k = ts[each + j + k] & 1 ? VECTORS(nothing) : target##k;
#define FOURS_UL(X, Y, DX, DY)                                                                     \
    for (; j + 4 <= each && FOUR_SITES(ts + j); j += 4) {                                          \
        const int to_lanes = FOUR_LANES(ts + each + j);                                            \
        if (!to_lanes && !NO_LANES(ts + each + j))                                                 \
            break;                                                                                 \
        TAKE_UL(0) TAKE_UL(1) TAKE_UL(2) TAKE_UL(3)                                                \
        Vector sum0 = *SITE_OF(0), sum1 = *SITE_OF(1), sum2 = *SITE_OF(2), sum3 = *SITE_OF(3);     \
        if (to_lanes) {                                                                            \
            TARGET_OF(0) TARGET_OF(1) TARGET_OF(2) TARGET_OF(3)                                    \
            for (int v = 0; v < B / PARTS; v++) {                                                  \
                const Vector g = VECTORS(G)[v];                                                    \
                WHOLE_LANE(v, out)                                                                 \
                { VECTOR_UL(0, v, X, Y) sum0 += g * (DX); target0[v] = before0[v] + g * (DY); }    \
                { VECTOR_UL(1, v, X, Y) sum1 += g * (DX); target1[v] = before1[v] + g * (DY); }    \
                { VECTOR_UL(2, v, X, Y) sum2 += g * (DX); target2[v] = before2[v] + g * (DY); }    \
                { VECTOR_UL(3, v, X, Y) sum3 += g * (DX); target3[v] = before3[v] + g * (DY); }    \
            }                                                                                      \
        }                                                                                          \
        else                                                                                       \
            for (int v = 0; v < B / PARTS; v++) {                                                  \
                const Vector g = VECTORS(G)[v];                                                    \
                WHOLE_LANE(v, out)                                                                 \
                { VECTOR_UL(0, v, X, Y) sum0 += g * (DX); }                                        \
                { VECTOR_UL(1, v, X, Y) sum1 += g * (DX); }                                        \
                { VECTOR_UL(2, v, X, Y) sum2 += g * (DX); }                                        \
                { VECTOR_UL(3, v, X, Y) sum3 += g * (DX); }                                        \
            }                                                                                      \
        *SITE_OF(0) = sum0; *SITE_OF(1) = sum1; *SITE_OF(2) = sum2; *SITE_OF(3) = sum3;            \
    }
#else
#define FOURS_UL(X, Y, DX, DY)
#endif
#define REVERSE_FOURS_UL_1(X, Y, DX, DY)
#define REVERSE_FOURS_UL_64 FOURS_UL
#define REVERSE_FOURS_UL IN_BLOCK(REVERSE_FOURS_UL)
#define REVERSE_TERMS_UL(X, Y, DX, DY)                                                             \
    int j = 0;                                                                                     \
    REVERSE_FOURS_UL(X, Y, DX, DY)                                                                 \
    for (; j < each; j++) {                                                                        \
        TAKE_UL(0)                                                                                 \
        COLLECT(ts[j], READ_UL(0, X, Y) LANE(out), DX)                                             \
        SPREAD(ts[each + j], READ_UL(0, X, Y) LANE(out), DY)                                       \
    }
#define REVERSE_TERMS_LU(X, Y, DX, DY)                                                             \
    TERMS {                                                                                        \
        TAKE_LU(0)                                                                                 \
        SPREAD(ts[j], READ_LU(0, X, Y) LANE(out), DX)                                              \
        COLLECT(ts[each + j], READ_LU(0, X, Y) LANE(out), DY)                                      \
    }
#define REVERSE_PAIR(NAME, X, Y, SUM, TERM, VALUE, DX, DY)                                         \
    case NAME##_LL: { SEQUENCES TARGETS REVERSE_TERMS_LL(X, Y, DX, DY) } break;                    \
    case NAME##_UL: { SEQUENCES TARGETS REVERSE_TERMS_UL(X, Y, DX, DY) } break;                    \
    case NAME##_LU: { SEQUENCES TARGETS REVERSE_TERMS_LU(X, Y, DX, DY) } break;
#define REVERSE_LANE(Z, DZ) SLOT(xs[2 * each], Z) SPREAD(ts[2 * each], LANE(Z) LANE(out), DZ)
#define REVERSE_UNIFORM(Z, DZ)                                                                     \
    UNIFORM(xs[2 * each], Z) COLLECT(ts[2 * each], KNOWN(Z) LANE(out), DZ)
#define REVERSE_DOT(NAME, X, Y, Z, SUM, TERM, VALUE, DX, DY, DZ)                                   \
    case NAME##_LLL: { SEQUENCES TARGETS REVERSE_TERMS_LL(X, Y, DX, DY) REVERSE_LANE(Z, DZ) } break; \
    case NAME##_ULL: { SEQUENCES TARGETS REVERSE_TERMS_UL(X, Y, DX, DY) REVERSE_LANE(Z, DZ) } break; \
    case NAME##_LUL: { SEQUENCES TARGETS REVERSE_TERMS_LU(X, Y, DX, DY) REVERSE_LANE(Z, DZ) } break; \
    case NAME##_LLU: {                                                                             \
        SEQUENCES TARGETS REVERSE_TERMS_LL(X, Y, DX, DY) REVERSE_UNIFORM(Z, DZ)                    \
    } break;                                                                                       \
    case NAME##_ULU: {                                                                             \
        SEQUENCES TARGETS REVERSE_TERMS_UL(X, Y, DX, DY) REVERSE_UNIFORM(Z, DZ)                    \
    } break;                                                                                       \
    case NAME##_LUU: {                                                                             \
        SEQUENCES TARGETS REVERSE_TERMS_LU(X, Y, DX, DY) REVERSE_UNIFORM(Z, DZ)                    \
    } break;
