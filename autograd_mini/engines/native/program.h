/* A lowered program: the instructions of one path of a recorded function. */

#define LIST_OF(Type)                                                                              \
    struct {                                                                                       \
        Type *items;                                                                               \
        size_t count, capacity;                                                                    \
    }

/* An input, its column and its lane slot. */
typedef struct {
    int32_t column, slot;
} Input;

/* What is read when the lanes are done: a lane slot or a uniform number. */
typedef struct {
    int32_t slot, uniform;
} Output;

/* A guard on uniform numbers, and the count of instructions before it. */
typedef struct {
    int32_t number, comparison, x, y, outcome;
    size_t place;
} UniformGuard;

/* The way back from one root. `adjoint` is the lane slot of the root's adjoint, `site` the site of a
   uniform root; either is -1 if there is none. */
typedef struct {
    size_t start, end;
    int32_t adjoint, site;
} Root;

typedef struct {
    LIST_OF(Instruction) forward;
    LIST_OF(Reversal) reverse;
    LIST_OF(Instruction) prologue; /* computes the uniform numbers that depend on parameters */
    LIST_OF(Reversal) epilogue;    /* takes their adjoints back to the parameters */
    LIST_OF(int32_t) operands;     /* of rows over sequences, and their targets */
    LIST_OF(int32_t) sites;        /* for each site, the uniform number that it is an operand of */
    LIST_OF(int32_t) parameters;   /* their places among the numbers of all programs */
    LIST_OF(double) constants;     /* they follow the parameters in the uniform numbers */
    LIST_OF(Input) inputs;
    LIST_OF(Output) outputs;
    LIST_OF(UniformGuard) guards;
    LIST_OF(Root) roots;
    LIST_OF(int32_t) derivatives;  /* for each root and input, the slot of the adjoint, or -1 */
    int32_t guard_count, wrt, slots, adjoints, uniforms, columns, numbers;
    size_t instructions;
} Program;

#define LISTS_OF_A_PROGRAM(LIST)                                                                   \
    LIST(forward) LIST(reverse) LIST(prologue) LIST(epilogue) LIST(operands) LIST(sites)           \
    LIST(parameters) LIST(constants) LIST(inputs) LIST(outputs) LIST(guards) LIST(roots)           \
    LIST(derivatives)

static void
program_release(Program *program)
{
#define RELEASE_LIST(name) PyMem_RawFree(program->name.items);
    LISTS_OF_A_PROGRAM(RELEASE_LIST)
#undef RELEASE_LIST
    memset(program, 0, sizeof *program);
}

static size_t
program_bytes(const Program *program)
{
    size_t bytes = 0;
#define ADD_LIST(name) bytes += program->name.capacity * sizeof *program->name.items;
    LISTS_OF_A_PROGRAM(ADD_LIST)
#undef ADD_LIST
    return bytes;
}

/* Return the memory that the lists do not use. */
static void
program_trim(Program *program)
{
#define TRIM_LIST(name)                                                                            \
    if (program->name.count < program->name.capacity) {                                            \
        const size_t kept = program->name.count ? program->name.count : 1;                         \
        void *moved = PyMem_RawRealloc(program->name.items, kept * sizeof *program->name.items);   \
        if (moved) {                                                                               \
            program->name.items = moved;                                                           \
            program->name.capacity = kept;                                                         \
        }                                                                                          \
    }
    LISTS_OF_A_PROGRAM(TRIM_LIST)
#undef TRIM_LIST
}
