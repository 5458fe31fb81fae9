/* The same for one lane with numbers that are not finite, an instruction at a time. */

/* Return the count of operands of an instruction, and the form of its row; NULL for one without. */
static const Form *
form_of(int32_t code)
{
    static const Form choice = {CHOICE, 0, 0, 4, 0, 2};
    if (code >= CHOICE_lt && code <= CHOICE_ne)
        return &choice;
    const Op op = origins[code].op;
    return op ? &forms[op] : NULL;
}

static int
operands_are_finite(const Instruction *I, const Form *form, const int32_t *operands,
                    const double *L, const double *U)
{
    const int bits = origins[I->code].bits;
    if (form->kind == FIXED)
        return isfinite((bits & 1 ? U : L)[I->a])
               && (form->singles == 1 || isfinite((bits & 2 ? U : L)[I->b]));
    const int32_t *places = operands + I->a;
    for (int part = 0; part < form->sequences + form->singles; part++) {
        const double *numbers = bits >> part & 1 ? U : L;
        for (int32_t j = part < form->sequences ? I->n : 1; j-- > 0;)
            if (!isfinite(numbers[*places++]))
                return 0;
    }
    return 1;
}

/* As `forward_1`; `flagged` becomes 1 if an instruction makes a number that is not finite from finite
   ones. */
static int
careful_forward(const Instruction *code, Py_ssize_t count, const int32_t *operands, double *L,
                const double *U, double *D, int *flagged)
{
    double unused[1] = {0.0};
    for (Py_ssize_t p = 0; p < count; p++) {
        const Form *form = form_of(code[p].code);
        const int finite = form && operands_are_finite(&code[p], form, operands, L, U);
        if (!forward_1(&code[p], 1, operands, L, U, unused, D))
            return 0;
        if (finite && !isfinite(L[code[p].out]))
            *flagged = 1;
    }
    return 1;
}

static void
spread_nan(int32_t target, double g, double *A, double *S)
{
    if (target >= 0)
        A[target >> 1] = (target & 1 ? 0.0 : A[target >> 1]) + g * NAN;
    else if (target <= FIRST_SITE)
        S[(size_t)(FIRST_SITE - target) * PARTS] += g * NAN;
}

/* As `reverse_1`; a row whose value is NaN has partial derivatives that are NaN. */
static void
careful_reverse(const Reversal *code, Py_ssize_t count, const int32_t *operands, const double *L,
                const double *U, double *A, double *S)
{
    for (Py_ssize_t p = 0; p < count; p++) {
        const Reversal *I = &code[p];
        const Form *form = form_of(I->code);
        if (!isnan(L[I->out]) || form->kind == CHOICE) {
            reverse_1(I, 1, operands, L, U, A, S);
            continue;
        }
        const double g = A[I->g];
        if (form->kind == FIXED) {
            spread_nan(I->ta, g, A, S);
            if (form->singles == 2)
                spread_nan(I->tb, g, A, S);
            continue;
        }
        const Py_ssize_t many = (Py_ssize_t)I->n * form->sequences + form->singles;
        for (Py_ssize_t i = 0; i < many; i++)
            spread_nan(operands[I->ta + i], g, A, S);
    }
}
