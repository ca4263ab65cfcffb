"""What languages write and do not say: abbreviations, signs, units, dates and the marks in numbers.

A small table; a map of the user's own comes before it. Languages that are not here have their numbers spelled out by
num2words, and nothing else. Abbreviations with a capital match as they are written, others in any case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

DOTTED_I = {"tr", "az", "tt", "crh"}  # I is the capital of ı, İ that of i
_POINT = {"en", "he", "hi", "bn", "ja", "ko", "th", "zh", "te", "kn", "ta", "am"}


@dataclass(frozen=True)
class Language:
    """Words and marks of one language; names in `currency` are one, several, a hundredth, hundredths."""

    decimal: str = ","
    comma: str = ""  # the word between a number and its decimals; "": num2words says it all
    one: str = ""  # before a noun, where that is not the number's own name
    minus: str = ""
    date: str = ""  # order and words of a date
    months: tuple[str, ...] = ()
    first: str = ""  # of a month, where only that day is an ordinal; "1": every day is
    hour: tuple[str, str] = ("", "")  # one, several: between hours and minutes, and after whole hours
    ordinal: str = ""  # suffixes of ordinals, a regular expression
    year: bool = False  # 1984 is read as nineteen eighty-four
    signs: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # after a number: one, several
    currency: Mapping[str, tuple[str, str, str, str]] = field(default_factory=dict)
    abbreviations: Mapping[str, str] = field(default_factory=dict)


def language_of(code: str) -> Language:
    """The entry of a language code such as fr, fr-CA or pt_BR; one that knows only its decimal mark for others."""
    base = base_code(code)
    return LANGUAGES.get(base) or Language(decimal="." if base in _POINT else ",", comma=_COMMAS.get(base, ""))


def base_code(code: str) -> str:
    """fr of fr-CA, fr_CA and FR."""
    return code.replace("_", "-").split("-")[0].lower()


def _units(**names: str) -> dict[str, tuple[str, str]]:
    """Names of units as `one|several`, or one name for both."""
    signs = {"sqm": "m²", "kmh": "km/h", "celsius": "°C"}
    return {signs.get(key, key): (value.split("|")[0], value.split("|")[-1]) for key, value in names.items()}


_COMMAS = {"sv": "komma", "da": "komma", "no": "komma", "nb": "komma", "fi": "pilkku", "tr": "virgül", "az": "vergül",
           "ro": "virgulă", "ca": "coma"}  # fmt: skip

LANGUAGES = {
    "en": Language(
        decimal=".", comma="point", minus="minus", date="{month} {day} {year}", first="1", year=True,
        ordinal="st|nd|rd|th",
        months=("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                "November", "December"),
        signs={"%": "percent", "&": "and", "+": "plus", "=": "equals", "×": "times", "@": "at", "°": "degrees",
               "§": "section"},
        units=_units(km="kilometer|kilometers", m="meter|meters", cm="centimeter|centimeters",
                     kg="kilogram|kilograms",
                     mm="millimeter|millimeters", sqm="square meter|square meters",
                     celsius="degree Celsius|degrees Celsius",
                     kmh="kilometer per hour|kilometers per hour", lb="pound|pounds", ft="foot|feet"),
        currency={"€": ("euro", "euros", "cent", "cents"), "$": ("dollar", "dollars", "cent", "cents"),
                  "£": ("pound", "pounds", "penny", "pence")},
        abbreviations={"Mr.": "mister", "Mr": "mister", "Mrs.": "missus", "Mrs": "missus", "Ms.": "miz", "Ms": "miz",
                       "Dr.": "doctor", "Dr": "doctor", "Prof.": "professor", "Jr.": "junior", "Sr.": "senior",
                       "vs.": "versus", "etc.": "et cetera", "e.g.": "for example", "i.e.": "that is",

                       "approx.": "approximately"},
    ),
    "fr": Language(
        comma="virgule", minus="moins", date="{day} {month} {year}", first="premier", hour=("heure", "heures"),
        ordinal="er|ère|ere|re|nde|nd|ième|ieme|ème|eme|e",
        months=("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
                "novembre", "décembre"),
        signs={"%": "pour cent", "&": "et", "+": "plus", "=": "égale", "×": "fois", "@": "arobase", "°": "degrés",
               "n°": "numéro", "N°": "numéro", "§": "paragraphe"},
        units=_units(km="kilomètre|kilomètres", m="mètre|mètres", cm="centimètre|centimètres",
                     mm="millimètre|millimètres",
                     kg="kilogramme|kilogrammes", sqm="mètre carré|mètres carrés",
                     celsius="degré Celsius|degrés Celsius",
                     kmh="kilomètre heure|kilomètres heure"),
        currency={"€": ("euro", "euros", "centime", "centimes"), "$": ("dollar", "dollars", "cent", "cents"),
                  "£": ("livre", "livres", "penny", "pence")},
        abbreviations={"M.": "monsieur", "MM.": "messieurs", "Mme": "madame", "Mmes": "mesdames",
                       "Mlle": "mademoiselle",
                       "Mlles": "mesdemoiselles", "Dr": "docteur", "Dr.": "docteur", "Pr": "professeur",

                       "St": "saint", "Ste": "sainte", "etc.": "et cetera", "p. ex.": "par exemple",
                       "c.-à-d.": "c'est-à-dire", "av. J.-C.": "avant Jésus-Christ",
                       "apr. J.-C.": "après Jésus-Christ",
                       "bd.": "boulevard", "env.": "environ"},
    ),
    "de": Language(
        comma="Komma", one="ein", minus="minus", date="{day}r {month} {year}", first="1", hour=("Uhr", "Uhr"),
        year=True,
        months=("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
                "November", "Dezember"),
        signs={"%": "Prozent", "&": "und", "+": "plus", "=": "gleich", "×": "mal", "@": "at", "°": "Grad",
               "§": "Paragraph"},
        units=_units(km="Kilometer", m="Meter", cm="Zentimeter", mm="Millimeter", kg="Kilogramm", sqm="Quadratmeter",
                     celsius="Grad Celsius", kmh="Kilometer pro Stunde"),
        currency={"€": ("Euro", "Euro", "Cent", "Cent"), "$": ("Dollar", "Dollar", "Cent", "Cent"),
                  "£": ("Pfund", "Pfund", "Penny", "Pence")},
        abbreviations={"z. B.": "zum Beispiel", "z.B.": "zum Beispiel", "d. h.": "das heißt", "d.h.": "das heißt",
                       "u. a.": "unter anderem", "u.a.": "unter anderem", "usw.": "und so weiter",
                       "bzw.": "beziehungsweise",
                       "ca.": "circa", "Dr.": "Doktor", "Prof.": "Professor", "Nr.": "Nummer", "Hr.": "Herr",
                       "Fr.": "Frau", "St.": "Sankt", "evtl.": "eventuell", "vgl.": "vergleiche"},
    ),
    "es": Language(
        comma="coma", one="un", minus="menos", date="{day} de {month} de {year}", ordinal="[ºª]",
        months=("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
                "noviembre", "diciembre"),
        signs={"%": "por ciento", "&": "y", "+": "más", "=": "igual a", "×": "por", "@": "arroba", "°": "grados"},
        units=_units(km="kilómetro|kilómetros", m="metro|metros", cm="centímetro|centímetros",
                     mm="milímetro|milímetros",
                     kg="kilogramo|kilogramos", sqm="metro cuadrado|metros cuadrados",
                     celsius="grado Celsius|grados Celsius",
                     kmh="kilómetro por hora|kilómetros por hora"),
        currency={"€": ("euro", "euros", "céntimo", "céntimos"), "$": ("dólar", "dólares", "centavo", "centavos")},
        abbreviations={"Sr.": "señor", "Sra.": "señora", "Srta.": "señorita", "Sres.": "señores", "Dr.": "doctor",
                       "Dra.": "doctora", "D.": "don", "Dña.": "doña", "Ud.": "usted", "Uds.": "ustedes",
                       "etc.": "etcétera", "núm.": "número", "p. ej.": "por ejemplo"},
    ),
    "it": Language(
        comma="virgola", one="un", minus="meno", date="{day} {month} {year}", first="primo", ordinal="[ºª°]",
        months=("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre",
                "ottobre", "novembre", "dicembre"),
        signs={"%": "per cento", "&": "e", "+": "più", "=": "uguale", "×": "per", "@": "chiocciola", "°": "gradi"},
        units=_units(km="chilometro|chilometri", m="metro|metri", cm="centimetro|centimetri",
                     mm="millimetro|millimetri",
                     kg="chilogrammo|chilogrammi", sqm="metro quadrato|metri quadrati",
                     celsius="grado Celsius|gradi Celsius",
                     kmh="chilometro orario|chilometri orari"),
        currency={"€": ("euro", "euro", "centesimo", "centesimi"), "$": ("dollaro", "dollari", "centesimo",
                                                                         "centesimi")},
        abbreviations={"Sig.": "signor", "Sig.ra": "signora", "Sig.na": "signorina", "Dott.": "dottor",
                       "Dott.ssa": "dottoressa", "Prof.": "professor", "Prof.ssa": "professoressa",
                       "Avv.": "avvocato",
                       "ecc.": "eccetera"},
    ),
    "pt": Language(
        comma="vírgula", minus="menos", date="{day} de {month} de {year}", first="primeiro", ordinal="[ºª]",
        months=("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
                "novembro", "dezembro"),
        signs={"%": "por cento", "&": "e", "+": "mais", "=": "igual a", "×": "vezes", "@": "arroba", "°": "graus"},
        units=_units(km="quilómetro|quilómetros", m="metro|metros", cm="centímetro|centímetros",
                     mm="milímetro|milímetros",
                     kg="quilograma|quilogramas", sqm="metro quadrado|metros quadrados",
                     celsius="grau Celsius|graus Celsius",
                     kmh="quilómetro por hora|quilómetros por hora"),
        currency={"€": ("euro", "euros", "cêntimo", "cêntimos"), "$": ("dólar", "dólares", "cêntimo", "cêntimos"),
                  "R$": ("real", "reais", "centavo", "centavos")},
        abbreviations={"Sr.": "senhor", "Sra.": "senhora", "Dr.": "doutor", "Dra.": "doutora", "D.": "dom",
                       "Exmo.": "excelentíssimo", "etc.": "etcétera", "p. ex.": "por exemplo", "nº": "número"},
    ),
    "nl": Language(
        comma="komma", minus="min", date="{day} {month} {year}", hour=("uur", "uur"), ordinal="ste|de|e", year=True,
        months=("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
                "november", "december"),
        signs={"%": "procent", "&": "en", "+": "plus", "=": "is", "×": "maal", "@": "apenstaartje", "°": "graden"},
        units=_units(km="kilometer", m="meter", cm="centimeter", mm="millimeter", kg="kilogram",
                     sqm="vierkante meter", celsius="graden Celsius", kmh="kilometer per uur"),
        currency={"€": ("euro", "euro", "cent", "cent"), "$": ("dollar", "dollar", "cent", "cent")},
        abbreviations={"dhr.": "de heer", "mevr.": "mevrouw", "mw.": "mevrouw", "dr.": "dokter", "enz.": "enzovoort",
                       "bijv.": "bijvoorbeeld", "bv.": "bijvoorbeeld", "d.w.z.": "dat wil zeggen", "nr.": "nummer",
                       "ca.": "circa"},
    ),
}  # fmt: skip
