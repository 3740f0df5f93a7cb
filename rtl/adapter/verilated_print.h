/* SPDX-License-Identifier: Apache-2.0 */
/* Where Verilator's runtime prints; included before it. */
#pragma once
#ifdef __cplusplus
extern "C"
#endif
    int
    drydock_verilated_print(const char* format, ...);
