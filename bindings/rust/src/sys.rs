// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

//! The functions of quiclb.h that this crate uses, ABI 1.

use std::os::raw::{c_char, c_int, c_uint, c_void};

pub const KEY_LEN: usize = 16;
pub const CID_LEN_MAX: usize = 20;
pub const SERVER_ID_LEN_MAX: usize = 15;
pub const NONCE_LEN_MAX: usize = 18;
pub const RESET_TOKEN_LEN: usize = 16;
pub const ERROR_LEN: usize = 512;
pub const F_SELF_LEN: c_uint = 1;

pub type Config = c_void;
pub type Source = c_void;
pub type Generator = c_void;

extern "C" {
    pub fn quiclb_config_new(
        id: c_uint,
        server_id_len: c_uint,
        nonce_len: c_uint,
        flags: c_uint,
        key: *const u8,
        error: *mut *const c_char,
    ) -> *mut Config;
    pub fn quiclb_config_free(config: *mut Config);
    pub fn quiclb_encode(
        config: *const Config,
        server_id: *const u8,
        nonce: *const u8,
        random_bits: u8,
        cid: *mut u8,
    );
    pub fn quiclb_decode(
        config: *const Config,
        cid: *const u8,
        cid_len: usize,
        server_id: *mut u8,
        nonce: *mut u8,
    ) -> c_int;
    pub fn quiclb_mint_unroutable(cid: *mut u8, cid_len: usize) -> c_int;
    pub fn quiclb_source_open(spec: *const c_char, error: *mut c_char) -> *mut Source;
    pub fn quiclb_source_free(source: *mut Source);
    pub fn quiclb_source_reload(source: *mut Source, error: *mut c_char) -> c_int;
    pub fn quiclb_source_use_state(
        source: *mut Source,
        path: *const c_char,
        error: *mut c_char,
    ) -> c_int;
    pub fn quiclb_source_cid_len(source: *mut Source) -> usize;
    pub fn quiclb_source_mint(source: *mut Source, cid: *mut u8, cid_len: *mut usize) -> c_int;
    pub fn quiclb_source_len_of(source: *mut Source, first_octet: u8) -> usize;
    pub fn quiclb_source_check(source: *mut Source, cid: *const u8, cid_len: usize) -> c_uint;
    pub fn quiclb_source_nonces_left(source: *mut Source) -> u64;
    pub fn quiclb_source_set_reset_secret(
        source: *mut Source,
        secret: *const u8,
        len: usize,
    ) -> c_int;
    pub fn quiclb_source_reset_token(
        source: *mut Source,
        cid: *const u8,
        cid_len: usize,
        token: *mut u8,
    ) -> c_int;
    pub fn quiclb_generator_new(source: *mut Source) -> *mut Generator;
    pub fn quiclb_generator_free(generator: *mut Generator);
    pub fn quiclb_generator_mint(
        generator: *mut Generator,
        cid: *mut u8,
        cid_len: *mut usize,
    ) -> c_int;
}
