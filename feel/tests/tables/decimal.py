#!/usr/bin/env python3
"""Writes decimal.txt: operations on decimals with 34 digits, by Python's decimal.

Run it in this folder: python3 decimal.py > decimal.txt
The seed is fixed, so that the table changes only with this script.
"""

import sys

# This script has the name of the module that it needs.
del sys.path[0]

import decimal
import random
from decimal import Decimal

CONTEXT = decimal.Context(
    prec=34,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    traps=[decimal.Overflow, decimal.InvalidOperation, decimal.DivisionByZero],
)

ROUNDINGS = {
    "half-even": decimal.ROUND_HALF_EVEN,
    "half-up": decimal.ROUND_HALF_UP,
    "half-down": decimal.ROUND_HALF_DOWN,
    "up": decimal.ROUND_UP,
    "down": decimal.ROUND_DOWN,
    "ceiling": decimal.ROUND_CEILING,
    "floor": decimal.ROUND_FLOOR,
}

# Numbers at the edges: of the digits, of the exponents, of ties.
EDGES = """0 1 -1 0.1 -0.1 10 0.5 -0.5 2.5 1e-6176 -1e-6176 1e-6143 9.999999999999999999999999999999999e6144
-9.999999999999999999999999999999999e6144 1e6144 1e6111 9999999999999999999999999999999999
-9999999999999999999999999999999999 1000000000000000000000000000000000 0.9999999999999999999999999999999999
9007199254740993 1e400 1e-400 3 7 -3 0.3333333333333333333333333333333333 1e33 1e34 1e35
123456789012345678901234567890.1234 5e-1 1.5 99.5 0.00 100.00""".split()


def modulo(a, b):
    """a - b * floor(a / b), as FEEL defines it."""
    remainder = CONTEXT.remainder(a, b)
    if remainder != 0 and (remainder < 0) != (b < 0):
        remainder = CONTEXT.add(remainder, b)
    return remainder


def rounded(mode):
    def operation(a, scale):
        if -a.as_tuple().exponent <= scale:
            return a
        wide = decimal.Context(prec=7000, rounding=ROUNDINGS[mode], Emin=-9999, Emax=9999)
        return CONTEXT.plus(a.quantize(Decimal(1).scaleb(-int(scale), wide), context=wide))

    return operation


BINARY = {
    "+": CONTEXT.add,
    "-": CONTEXT.subtract,
    "*": CONTEXT.multiply,
    "/": CONTEXT.divide,
    "modulo": modulo,
    "**": CONTEXT.power,
    "compare": CONTEXT.compare,
}
UNARY = {"sqrt": CONTEXT.sqrt, "log": CONTEXT.ln, "exp": CONTEXT.exp}


def anything(chance):
    """A number of one of the shapes that people and programs write."""
    shape = chance.randrange(6)
    sign = chance.choice(["", "", "-"])
    digits = lambda least, most: str(chance.randint(1, 9)) + "".join(
        chance.choice("0123456789") for _ in range(chance.randint(least, most) - 1)
    )
    if shape == 0:
        return sign + digits(1, 6)
    if shape == 1:
        return sign + digits(1, 9) + "." + digits(1, 4)
    if shape == 2:
        return sign + digits(20, 34)
    if shape == 3:
        return sign + digits(1, 17) + "." + digits(10, 17)
    if shape == 4:
        return sign + digits(1, 30) + "e" + str(chance.randint(-60, 60))
    return chance.choice(EDGES)


def line(name, operation, *operands):
    try:
        with decimal.localcontext(CONTEXT):
            result = operation(*(Decimal(o) for o in operands))
        text = str(result) if result.is_finite() else "null"
    except (decimal.Overflow, decimal.InvalidOperation, decimal.DivisionByZero):
        text = "null"
    return " ".join([name, *operands, text])


def main():
    chance = random.Random(34)
    print("# OPERATION OPERAND… RESULT, by Python's decimal. Made by decimal.py; do not edit.")
    for name in ["+", "-", "*", "/", "modulo", "compare"]:
        pairs = [(a, chance.choice(EDGES)) for a in EDGES]
        pairs += [(anything(chance), anything(chance)) for _ in range(260)]
        for a, b in pairs:
            # Python has no remainder of quotients of more than 34 digits; where one is easy, FEEL has.
            far = abs(Decimal(a).adjusted() - Decimal(b).adjusted()) >= 33
            if name != "modulo" or not far:
                print(line(name, BINARY[name], a, b))
    for _ in range(150):
        base = chance.choice(["-", ""]) + f"{chance.randint(0, 30)}.{chance.randint(0, 99)}"
        exponent = chance.choice([chance.randint(-40, 60), chance.randint(-40, 40) / 2])
        if not base.startswith("-") or float(exponent).is_integer():
            print(line("**", BINARY["**"], base, str(exponent).removesuffix(".0")))
    for name, operation in UNARY.items():
        for _ in range(80):
            a = anything(chance)
            if name == "exp":
                a = f"{chance.choice(['-', ''])}{chance.randint(0, 900)}.{chance.randint(0, 999)}"
            if name == "log" and Decimal(a) == 0:
                a = "0"
            print(line(name, operation, a) if (name, a) != ("log", "0") else "log 0 null")
    for mode in ROUNDINGS:
        for _ in range(60):
            a = chance.choice([anything(chance), f"{chance.randint(-99, 99)}.{chance.choice(['5', '25', '50', '45', '55'])}"])
            print(line(f"{mode}", rounded(mode), a, str(chance.randint(-8, 30))))


main()
