"""Discounts: the third stage of estimation, how much of a count is taken away for words not seen.

In: how many n-grams have adjusted count 1, 2, 3, 4. Out: what is taken off counts 1, 2, and 3 or more.
Chen & Goodman 1998, equation 26; KenLM lm/builder/adjust_counts.cc.
"""

from collections.abc import Sequence

from deepspeech.errors import LmError

Discounts = tuple[float, float, float]

FALLBACK: Discounts = (0.5, 1.0, 1.5)  # lmplz's, for texts whose own discounts cannot be estimated


def discounts(order: int, with_count: Sequence[int], fallback: Discounts | None) -> Discounts:
    """Discounts of n-grams of one `order`; `with_count[j - 1]` of them have adjusted count j, for j = 1..4.

    Where they cannot be estimated: `fallback`, or else an LmError that says why and what to do.
    """
    n1, n2, n3, n4 = with_count
    try:
        y = n1 / (n1 + 2 * n2)
        found = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    except ZeroDivisionError:
        missing = next(j for j, number in enumerate(with_count, 1) if number == 0)
        cause = f"none of the {order}-grams has adjusted count {missing}"
    else:
        # lmplz lets 0 pass, and leaves contexts that have nothing for unseen words: a back-off of minus infinity.
        wrong = [j for j, discount in enumerate(found, 1) if not 0 < discount <= j]
        if not wrong:
            return found
        cause = f"the discount of {order}-grams of adjusted count {wrong[0]} would be {found[wrong[0] - 1]:.2f}"
    if fallback is not None:
        return fallback
    raise LmError(
        f"Kneser-Ney discounts cannot be estimated: {cause}. Such counts come from small, repeated or made-up text: "
        "use more text as people speak it, or a lower order; --discount-fallback makes a poorer model all the same"
    )
