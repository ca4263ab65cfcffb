"""Markup in text: told, and none of it becomes words."""

from deepspeech.text.markup import Markup


def test_tags_go_entities_become_characters_and_marks_end_sentences() -> None:
    markup = Markup()
    assert markup.sentences("a cat") == ["a cat"]
    assert str(markup) == ""
    assert markup.sentences("<p>fish &amp; <b>chips</b><br/>&#233;t&eacute;</p>") == [" fish & chips été "]
    assert markup.sentences("<s> one </s> <s> two </s>") == ["one", "two"]
    assert markup.sentences("the <unk> sat") == []
    assert markup.sentences("a < b and c > d & AT&T") == ["a < b and c > d & AT&T"]
    told = str(markup)
    assert "5 tags removed" in told
    assert "3 entities read as their characters" in told
    assert "4 <s> and </s> read as sentence ends" in told
    assert "first in “<s> one </s> <s> two </s>”" in told
    assert "1 sentences with <unk> dropped" in told
