// SPDX-License-Identifier: Apache-2.0
#include "tests/tlm/root_complex/containment_under_test.h"
#include "tlm/root_complex/containment.h"

namespace drydock::test {

std::unique_ptr<root_complex::containment_if> make_containment(
    std::string_view name, base::context& ctx, const root_complex::containment_config& c,
    root_complex::containment_client& client) {
    return std::make_unique<root_complex::containment>(name, ctx, c, client);
}

}  // namespace drydock::test
