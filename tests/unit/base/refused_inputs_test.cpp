// The sentence of refused inputs.
#include "base/refused_inputs.hpp"

#include <gtest/gtest.h>

using namespace gateway;

namespace {

using faults = std::vector<field_fault>;

TEST(RefusedInputs, HourJOneFaultIsASentence) {
    const auto why = refused_inputs(faults{{"title", "must be a string"}});
    EXPECT_EQ(why.code(), errc::invalid_input);
    EXPECT_EQ(why.message(), "The input title is refused: it must be a string.");
    EXPECT_EQ(why.details()->fields.at(0).field, "title");
    EXPECT_EQ(sentence_of(faults{{"", "is not an input"}}),
              "The input one with a long name is refused: it is not an input.");
}

TEST(RefusedInputs, HourJSeveralFaultsAreNamedWithTheirReasons) {
    EXPECT_EQ(sentence_of(faults{{"photo_images[3]", "must be an https URL"}, {"title", "must be a string"}}),
              "2 inputs are faulty: photo_images[3] (must be an https URL), title (must be a string).");
    EXPECT_EQ(sentence_of(faults{{"fields", "holds \"a\""}, {"fields", "holds \"b\""}}),
              "1 input is faulty: fields (holds \"a\"), fields (holds \"b\").");
}

TEST(RefusedInputs, HourJALongSentenceNamesTheRestWithoutReasons) {
    faults many;
    for (char name = 'a'; name <= 'f'; ++name)
        many.push_back({std::string(1, name), std::string(100, 'r')});
    const auto sentence = sentence_of(many);
    EXPECT_TRUE(sentence.starts_with("6 inputs are faulty: a (rrr")) << sentence;
    EXPECT_TRUE(sentence.ends_with("r), d, e, f.")) << sentence;
}

TEST(RefusedInputs, HourJFaultsThatAreOnlyCountedAreCounted) {
    faults many(20, field_fault{"a", "is wrong"});
    many.resize(25); // without field and reason: base/told_faults.hpp
    const auto why = refused_inputs(std::move(many));
    EXPECT_TRUE(why.message().starts_with("6 inputs are faulty: a (is wrong), ")) << why.message();
    EXPECT_TRUE(why.message().ends_with(". There are 25; the first 20 are told.")) << why.message();
}

} // namespace
