// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace drydock {

/// One visitor of several lambdas, for std::visit.
template <class... F>
struct overloaded : F... {
    using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

}  // namespace drydock
