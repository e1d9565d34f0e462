// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

//! Links libquiclb: the installed one, or that of the directory QUICLB_LIB_DIR.

fn main() {
    println!("cargo:rerun-if-env-changed=QUICLB_LIB_DIR");
    if let Some(directory) = std::env::var_os("QUICLB_LIB_DIR") {
        println!(
            "cargo:rustc-link-search=native={}",
            directory.to_string_lossy()
        );
    }
    println!("cargo:rustc-link-lib=quiclb");
}
