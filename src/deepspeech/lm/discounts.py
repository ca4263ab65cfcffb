"""Discounts: the third stage of estimation: modified Kneser-Ney discounts D1, D2, D3+.

In: counts of counts: how many n-grams have adjusted count 1, 2, 3, 4. Out: discounts of counts 1, 2, and 3 or more.
Chen & Goodman 1998, equation 26; KenLM lm/builder/adjust_counts.cc.
"""

from collections.abc import Sequence

from deepspeech.errors import LmError

Discounts = tuple[float, float, float]

FALLBACK: Discounts = (0.5, 1.0, 1.5)  # lmplz's fallback


def discounts(order: int, with_count: Sequence[int], fallback: Discounts | None) -> Discounts:
    """Discounts of one `order`; `with_count[j - 1]` n-grams have adjusted count j, for j = 1..4.

    Where they cannot be estimated, returns `fallback`, or raises LmError if it is None.
    """
    n1, n2, n3, n4 = with_count
    try:
        y = n1 / (n1 + 2 * n2)
        found = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    except ZeroDivisionError:
        missing = next(j for j, number in enumerate(with_count, 1) if number == 0)
        cause = f"none of the {order}-grams has adjusted count {missing}"
    else:
        # lmplz accepts a discount of 0, which can make a log back-off minus infinity.
        wrong = [j for j, discount in enumerate(found, 1) if not 0 < discount <= j]
        if not wrong:
            return found
        cause = f"the discount of {order}-grams of adjusted count {wrong[0]} would be {found[wrong[0] - 1]:.2f}"
    if fallback is not None:
        return fallback
    raise LmError(
        f"Kneser-Ney discounts cannot be estimated: {cause}. This happens with small, repetitive or synthetic text: "
        "use more natural text, a lower order, or --discount-fallback, which gives a worse model"
    )
