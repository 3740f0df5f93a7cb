// SPDX-License-Identifier: Apache-2.0
#include "waves/transaction_id.h"

#include <gtest/gtest.h>

namespace drydock::waves {
namespace {

TEST(TransactionId, every_class_has_a_word_of_its_own_and_reads_back) {
    for (unsigned c = 0; c <= unsigned(base::span_class::call); ++c) {
        const std::string text = id_text(base::span_class(c), base::span_id{17});
        const auto read = parse_id(text);
        ASSERT_TRUE(read) << text;
        EXPECT_EQ(read->word, id_word(base::span_class(c)));
        EXPECT_EQ(read->number, 17u);
    }
    EXPECT_EQ(id_text(base::span_class::atc_inv, base::span_id{17}), "INV 17");
    EXPECT_EQ(id_word(base::span_class::call), call_id_word);
}

TEST(TransactionId, is_read_as_people_write_it) {
    for (const char* text : {"INV-17", "inv-17", "INV 17", "Inv17", "17"}) {
        ASSERT_TRUE(parse_id(text)) << text;
        EXPECT_EQ(parse_id(text)->number, 17u);
    }
    EXPECT_EQ(parse_id("tlp-3")->word, tlp_id_word);
    EXPECT_TRUE(parse_id("17")->word.empty());
    for (const char* text : {"", "INV", "INV-", "INV--1", "-17", "INF-17", "INV-17x", "17 INV",
                             "INV-99999999999999999999999"})
        EXPECT_FALSE(parse_id(text)) << text;
}

}  // namespace
}  // namespace drydock::waves
