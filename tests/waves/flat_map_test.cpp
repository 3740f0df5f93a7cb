// SPDX-License-Identifier: Apache-2.0
#include "waves/flat_map.h"

#include <gtest/gtest.h>

#include <map>

#include "tlm/base/rng.h"

namespace drydock::waves {
namespace {

TEST(FlatMap, behaves_as_a_map_under_random_insertions_and_removals) {
    base::rng random(1, "flat_map");
    flat_map<std::uint64_t, int> table;
    std::map<std::uint64_t, int> model;
    for (int i = 0; i < 50'000; ++i) {
        const std::uint64_t key = random.below(500);
        if (random.chance(1, 2)) {
            table[key] = i;
            model[key] = i;
        } else {
            EXPECT_EQ(table.erase(key), model.erase(key) == 1);
        }
        ASSERT_EQ(table.size(), model.size());
    }
    for (std::uint64_t key = 0; key < 500; ++key) {
        const auto found = model.find(key);
        const int* value = table.find(key);
        ASSERT_EQ(value != nullptr, found != model.end()) << key;
        if (value != nullptr) {
            EXPECT_EQ(*value, found->second);
        }
    }
}

TEST(FlatMap, tells_the_words_of_a_pair_apart) {
    flat_map<key_pair, int> table;
    table[{1, 2}] = 12;
    table[{2, 1}] = 21;
    EXPECT_EQ(*table.find({1, 2}), 12);
    EXPECT_EQ(*table.find({2, 1}), 21);
    EXPECT_EQ(table.find({1, 1}), nullptr);
}

}  // namespace
}  // namespace drydock::waves
