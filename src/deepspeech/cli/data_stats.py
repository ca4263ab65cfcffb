"""`deepspeech data stats`: report hours, speakers, words and rates of data sets."""

from typing import Annotated

import typer

from deepspeech.cli.data_options import DataSets, JsonOutput, SpeakerPattern


def stats(
    data: DataSets,
    listen: Annotated[bool, typer.Option("--listen", help="Decode every clip too, to measure loudness.")] = False,
    speaker_pattern: SpeakerPattern = "",
    json_output: JsonOutput = False,
) -> None:
    """Report statistics of data sets, per set and in total.

    Words that do not occur in the first set (OOV) are counted too: name the training set first.

    Example: deepspeech data stats train.csv dev.csv
    """
    import json

    from deepspeech.cores import cores
    from deepspeech.datasets.survey.statistics import statistics
    from deepspeech.datasets.survey.statistics_page import page
    from deepspeech.datasets.survey.survey import SurveyOptions, open_sets, survey

    options = SurveyOptions(listen=listen, workers=cores())
    found = survey(open_sets(data, speaker_pattern), None, options=options, compare=False)
    first = found.of_set(found.sets[0].name)
    figures = {
        one.name: statistics(found.of_set(one.name), reference=first if number else None)
        for number, one in enumerate(found.sets)
    }
    if len(figures) > 1:
        figures["all"] = statistics(found.clips)
    print(
        json.dumps({name: one.to_dict() for name, one in figures.items()}, indent=2) if json_output else page(figures)
    )
