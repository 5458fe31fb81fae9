/* The instructions of a lowered program, and how the compiler is to make vector code of them.

   A program is run for blocks of B samples, the lanes, where B is 1 or 64. What differs from sample
   to sample is in lane slots: slot s is the B numbers from L + s * B. What is the same for all
   samples, since it depends on parameters and constants alone, is uniform: U[u] is one number. */

enum { BLOCK = 64, PARTS = 8 };

/* For x86-64, glibc chooses the best of three versions of a function when the library is loaded. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)             \
    && !defined(__SANITIZE_ADDRESS__) && !defined(AUTOGRAD_MINI_ONE_TARGET)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif

/* The lanes of a loop do not depend on each other. */
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#pragma clang diagnostic ignored "-Wpass-failed" /* where a loop calls the C library */
#elif defined(__GNUC__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

/* Between a loop over terms and a loop over lanes in it, which gcc would interchange. */
#ifdef __GNUC__
#define FENCE __asm__ volatile("" ::: "memory")
#else
#define FENCE ((void)0)
#endif

/* The forms of a row differ in which operands are uniform (U) and which are lanes (L). A row over
   sequences has a letter for each sequence, then one for each single operand; in a sequence of lanes,
   what is uniform is copied to a lane slot. */
#define ONE_FORM(NAME, ...) NAME##_L,
#define THREE_FORMS(NAME, ...) NAME##_LL, NAME##_UL, NAME##_LU,
#define SIX_FORMS(NAME, ...)                                                                       \
    NAME##_LLL, NAME##_ULL, NAME##_LUL, NAME##_LLU, NAME##_ULU, NAME##_LUU,
#define COMPARISON_ROWS(ROW) ROW(lt, <) ROW(le, <=) ROW(gt, >) ROW(ge, >=) ROW(eq, ==) ROW(ne, !=)
#define CHOICE_FORM(NAME, SIGN) CHOICE_##NAME,
#define GUARD_FORMS(NAME, SIGN) GUARD_##NAME##_LL, GUARD_##NAME##_LU,

typedef enum {
    UNARY_ROWS(ONE_FORM)
    BINARY_ROWS(THREE_FORMS)
    SUM_ROWS(ONE_FORM)
    PAIR_ROWS(THREE_FORMS)
    DOT_ROWS(SIX_FORMS)
    GENERAL_ROWS(ONE_FORM)
    COMPARISON_ROWS(CHOICE_FORM)
    COMPARISON_ROWS(GUARD_FORMS)
    SPLAT, /* copy a uniform number to a lane slot */
    CHECK, /* note the lanes in which one of four slots is not finite */
} Code;

/* How a row becomes instructions: the code of its first form, and its parts, which are its sequences
   and then its single operands. Bit i of `passing` says that a number of part i that is not finite
   always makes a value that is not finite. A choice has four operands: `x if a < b else y`. The first
   operands, as many as stand aside, have no derivative. */
typedef enum { FIXED, SUMS, GENERAL, CHOICE } Kind;

typedef struct {
    Kind kind;
    int code, sequences, singles, passing, aside;
} Form;

#define UNARY_ENTRY(NAME, ...) [OP_##NAME] = {FIXED, NAME##_L, 0, 1, PASSING_##NAME},
#define BINARY_ENTRY(NAME, ...) [OP_##NAME] = {FIXED, NAME##_LL, 0, 2, PASSING_##NAME},
#define SUM_ENTRY(NAME, ...) [OP_##NAME] = {SUMS, NAME##_L, 1, 0, PASSING_##NAME},
#define PAIR_ENTRY(NAME, ...) [OP_##NAME] = {SUMS, NAME##_LL, 2, 0, PASSING_##NAME},
#define DOT_ENTRY(NAME, ...) [OP_##NAME] = {SUMS, NAME##_LLL, 2, 1, PASSING_##NAME},
#define GENERAL_ENTRY(NAME, SEQUENCES, OPERANDS)                                                   \
    [OP_##NAME] = {GENERAL, NAME##_L, SEQUENCES, (OPERANDS) - (SEQUENCES), PASSING_##NAME},
#define PASSING_NUMBER(NAME, BITS) PASSING_##NAME = BITS,

enum { PASSING_ROWS(PASSING_NUMBER) };

static const Form forms[OP_COUNT] = {
    UNARY_ROWS(UNARY_ENTRY)
    BINARY_ROWS(BINARY_ENTRY)
    SUM_ROWS(SUM_ENTRY)
    PAIR_ROWS(PAIR_ENTRY)
    DOT_ROWS(DOT_ENTRY)
    GENERAL_ROWS(GENERAL_ENTRY)
};

/* What to add to the code of the first form, by the bits of the parts that are uniform. */
static const int32_t form_of_bits[8] = {0, 1, 2, 0, 3, 4, 5, 0};

/* The row of each code, and the bits of its parts that are uniform. */
#define ONE_ORIGIN(NAME, ...) [NAME##_L] = {OP_##NAME, 0},
#define THREE_ORIGINS(NAME, ...)                                                                   \
    [NAME##_LL] = {OP_##NAME, 0}, [NAME##_UL] = {OP_##NAME, 1}, [NAME##_LU] = {OP_##NAME, 2},
#define SIX_ORIGINS(NAME, ...)                                                                     \
    [NAME##_LLL] = {OP_##NAME, 0}, [NAME##_ULL] = {OP_##NAME, 1}, [NAME##_LUL] = {OP_##NAME, 2},   \
    [NAME##_LLU] = {OP_##NAME, 4}, [NAME##_ULU] = {OP_##NAME, 5}, [NAME##_LUU] = {OP_##NAME, 6},

static const struct {
    uint8_t op, bits;
} origins[CHECK + 1] = {
    UNARY_ROWS(ONE_ORIGIN)
    BINARY_ROWS(THREE_ORIGINS)
    SUM_ROWS(ONE_ORIGIN)
    PAIR_ROWS(THREE_ORIGINS)
    DOT_ROWS(SIX_ORIGINS)
    GENERAL_ROWS(ONE_ORIGIN)
};

/* An instruction for the way forward. In a row of one or two operands, `a` and `b` are the operands;
   otherwise `a` is the place of the first operand in the array of operands, and `n` the length of its
   sequences. A guard has its number in `out` and its outcome in `n`; a check has its slots in `out`,
   `a`, `b` and `n`. */
typedef struct {
    int32_t code, out, a, b, n;
} Instruction;

/* An instruction for the way back: the adjoint of the node is in the lane slot `g` of the adjoints.
   `ta` and `tb` are targets, or `ta` is the place of the first target in the array. A target says
   where the product of the adjoint and a partial derivative is added: twice a lane slot, plus 1 if
   the slot has nothing yet; -1, nowhere; -2 - s, the partial sums of site s. */
typedef struct {
    int32_t code, out, a, b, n, g, ta, tb;
} Reversal;

enum { NOWHERE = -1, FIRST_SITE = -2 };
