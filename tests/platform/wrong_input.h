// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/platform/support.h"

namespace drydock::tests {

/// One piece of a good file, what a user wrote in its place, and what is said of it.
struct wrong {
    const char *old_text, *new_text;
    const char* at;    ///< "LINE:COLUMN"
    const char* says;  ///< part of the message
};

inline void PrintTo(const wrong& w, std::ostream* o) { *o << w.new_text; }

/// Each of a table is refused where it stands, with what was expected.
class WrongInput : public testing::TestWithParam<wrong> {
protected:
    /// @param text  the file with the wrong piece in its place
    void expect_refusal(const std::string& text) {
        const scratch s;
        const std::string file = s.file("s.yaml", text);
        const std::string message = refusal(file);
        EXPECT_TRUE(message.starts_with(file + ":" + GetParam().at + ": ")) << message;
        EXPECT_NE(message.find(GetParam().says), std::string::npos) << message;
    }
};

}  // namespace drydock::tests
