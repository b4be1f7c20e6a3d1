//go:build amd64 && !purego

#include "textflag.h"

// Eight lanes: word i of the state of every lane is in Zi, word i of the message
// schedule in Z(16+i). Z8 to Z15 are scratch.

// TRANSPOSE makes of eight rows of eight words their columns. The rows are lost.
#define TRANSPOSE(r0, r1, r2, r3, r4, r5, r6, r7, c0, c1, c2, c3, c4, c5, c6, c7) \
	VPUNPCKLQDQ r1, r0, c0       \
	VPUNPCKHQDQ r1, r0, c1       \
	VPUNPCKLQDQ r3, r2, c2       \
	VPUNPCKHQDQ r3, r2, c3       \
	VPUNPCKLQDQ r5, r4, c4       \
	VPUNPCKHQDQ r5, r4, c5       \
	VPUNPCKLQDQ r7, r6, c6       \
	VPUNPCKHQDQ r7, r6, c7       \
	VSHUFI64X2  $0x88, c2, c0, r0 \
	VSHUFI64X2  $0xDD, c2, c0, r1 \
	VSHUFI64X2  $0x88, c6, c4, r2 \
	VSHUFI64X2  $0xDD, c6, c4, r3 \
	VSHUFI64X2  $0x88, c3, c1, r4 \
	VSHUFI64X2  $0xDD, c3, c1, r5 \
	VSHUFI64X2  $0x88, c7, c5, r6 \
	VSHUFI64X2  $0xDD, c7, c5, r7 \
	VSHUFI64X2  $0x88, r2, r0, c0 \
	VSHUFI64X2  $0xDD, r2, r0, c4 \
	VSHUFI64X2  $0x88, r3, r1, c2 \
	VSHUFI64X2  $0xDD, r3, r1, c6 \
	VSHUFI64X2  $0x88, r6, r4, c1 \
	VSHUFI64X2  $0xDD, r6, r4, c5 \
	VSHUFI64X2  $0x88, r7, r5, c3 \
	VSHUFI64X2  $0xDD, r7, r5, c7

// BLOCK loads half a block of every lane as words of the schedule. Z0 has the order of
// the bytes of a word.
#define BLOCK(at, w0, w1, w2, w3, w4, w5, w6, w7) \
	VMOVDQU64 (at+0*128)(BX), Z8  \
	VMOVDQU64 (at+1*128)(BX), Z9  \
	VMOVDQU64 (at+2*128)(BX), Z10 \
	VMOVDQU64 (at+3*128)(BX), Z11 \
	VMOVDQU64 (at+4*128)(BX), Z12 \
	VMOVDQU64 (at+5*128)(BX), Z13 \
	VMOVDQU64 (at+6*128)(BX), Z14 \
	VMOVDQU64 (at+7*128)(BX), Z15 \
	VPSHUFB   Z0, Z8, Z8          \
	VPSHUFB   Z0, Z9, Z9          \
	VPSHUFB   Z0, Z10, Z10        \
	VPSHUFB   Z0, Z11, Z11        \
	VPSHUFB   Z0, Z12, Z12        \
	VPSHUFB   Z0, Z13, Z13        \
	VPSHUFB   Z0, Z14, Z14        \
	VPSHUFB   Z0, Z15, Z15        \
	TRANSPOSE(Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15, w0, w1, w2, w3, w4, w5, w6, w7)

// ROW loads a state of the key of a lane.
#define ROW(lane, at, z) \
	MOVQ      (lane*8)(AX), R8 \
	VMOVDQU64 at(R8), z

// STATE loads the states at an offset of the keys, and keeps them on the stack for the
// end of the block.
#define STATE(at) \
	ROW(0, at, Z8)            \
	ROW(1, at, Z9)            \
	ROW(2, at, Z10)           \
	ROW(3, at, Z11)           \
	ROW(4, at, Z12)           \
	ROW(5, at, Z13)           \
	ROW(6, at, Z14)           \
	ROW(7, at, Z15)           \
	TRANSPOSE(Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7) \
	VMOVDQU64 Z0, (0*64)(SP)  \
	VMOVDQU64 Z1, (1*64)(SP)  \
	VMOVDQU64 Z2, (2*64)(SP)  \
	VMOVDQU64 Z3, (3*64)(SP)  \
	VMOVDQU64 Z4, (4*64)(SP)  \
	VMOVDQU64 Z5, (5*64)(SP)  \
	VMOVDQU64 Z6, (6*64)(SP)  \
	VMOVDQU64 Z7, (7*64)(SP)

// ROUND is a round of SHA-512 (FIPS 180-4, 6.4.2) with the constant at an offset from R9.
#define ROUND(a, b, c, d, e, f, g, h, w, k) \
	VPADDQ      w, h, h                   \
	VPADDQ.BCST (k*8)(R9), h, h           \
	VPRORQ      $14, e, Z8                \
	VPRORQ      $18, e, Z9                \
	VPRORQ      $41, e, Z10               \
	VMOVDQA64   e, Z11                    \
	VPTERNLOGQ  $0xCA, g, f, Z11          \
	VPTERNLOGQ  $0x96, Z9, Z10, Z8        \
	VPADDQ      Z11, h, h                 \
	VPRORQ      $28, a, Z12               \
	VPRORQ      $34, a, Z13               \
	VPRORQ      $39, a, Z14               \
	VPADDQ      Z8, h, h                  \
	VMOVDQA64   a, Z15                    \
	VPTERNLOGQ  $0xE8, c, b, Z15          \
	VPADDQ      h, d, d                   \
	VPTERNLOGQ  $0x96, Z13, Z14, Z12      \
	VPADDQ      Z15, h, h                 \
	VPADDQ      Z12, h, h

// NEXT replaces a word of the schedule by the one 16 words on.
#define NEXT(w0, w1, w9, w14) \
	VPRORQ     $1, w1, Z8          \
	VPRORQ     $8, w1, Z9          \
	VPSRLQ     $7, w1, Z10         \
	VPADDQ     w9, w0, w0          \
	VPRORQ     $19, w14, Z12       \
	VPRORQ     $61, w14, Z13       \
	VPSRLQ     $6, w14, Z14        \
	VPTERNLOGQ $0x96, Z9, Z10, Z8  \
	VPTERNLOGQ $0x96, Z13, Z14, Z12 \
	VPADDQ     Z8, w0, w0          \
	VPADDQ     Z12, w0, w0

// func sum8(keys *[8]*Key, blocks *[8][128]byte, sums *[8][64]byte)
TEXT ·sum8(SB), 0, $512-24
	MOVQ           keys+0(FP), AX
	MOVQ           blocks+8(FP), BX
	MOVQ           sums+16(FP), DI
	VBROADCASTI64X2 ·wordOrder(SB), Z0
	BLOCK(0, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	BLOCK(64, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31)
	STATE(0)
	XORL           DX, DX

rounds:
	LEAQ ·constants(SB), R9
	MOVL $4, CX

scheduled:
	ROUND(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z16, 0)
	NEXT(Z16, Z17, Z25, Z30)
	ROUND(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z17, 1)
	NEXT(Z17, Z18, Z26, Z31)
	ROUND(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z18, 2)
	NEXT(Z18, Z19, Z27, Z16)
	ROUND(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z19, 3)
	NEXT(Z19, Z20, Z28, Z17)
	ROUND(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z20, 4)
	NEXT(Z20, Z21, Z29, Z18)
	ROUND(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z21, 5)
	NEXT(Z21, Z22, Z30, Z19)
	ROUND(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z22, 6)
	NEXT(Z22, Z23, Z31, Z20)
	ROUND(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z23, 7)
	NEXT(Z23, Z24, Z16, Z21)
	ROUND(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z24, 8)
	NEXT(Z24, Z25, Z17, Z22)
	ROUND(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z25, 9)
	NEXT(Z25, Z26, Z18, Z23)
	ROUND(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z26, 10)
	NEXT(Z26, Z27, Z19, Z24)
	ROUND(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z27, 11)
	NEXT(Z27, Z28, Z20, Z25)
	ROUND(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z28, 12)
	NEXT(Z28, Z29, Z21, Z26)
	ROUND(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z29, 13)
	NEXT(Z29, Z30, Z22, Z27)
	ROUND(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z30, 14)
	NEXT(Z30, Z31, Z23, Z28)
	ROUND(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z31, 15)
	NEXT(Z31, Z16, Z24, Z29)
	ADDQ $128, R9
	DECL CX
	JNZ  scheduled

	ROUND(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z16, 0)
	ROUND(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z17, 1)
	ROUND(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z18, 2)
	ROUND(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z19, 3)
	ROUND(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z20, 4)
	ROUND(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z21, 5)
	ROUND(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z22, 6)
	ROUND(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z23, 7)
	ROUND(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z24, 8)
	ROUND(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z25, 9)
	ROUND(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z26, 10)
	ROUND(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z27, 11)
	ROUND(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z28, 12)
	ROUND(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z29, 13)
	ROUND(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z30, 14)
	ROUND(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z31, 15)

	// The digest, which is the message of the outer hash.
	VPADDQ (0*64)(SP), Z0, Z16
	VPADDQ (1*64)(SP), Z1, Z17
	VPADDQ (2*64)(SP), Z2, Z18
	VPADDQ (3*64)(SP), Z3, Z19
	VPADDQ (4*64)(SP), Z4, Z20
	VPADDQ (5*64)(SP), Z5, Z21
	VPADDQ (6*64)(SP), Z6, Z22
	VPADDQ (7*64)(SP), Z7, Z23
	XORL   $1, DX
	JZ     done

	VPBROADCASTQ ·outerPadding+0(SB), Z24
	VPXORQ       Z25, Z25, Z25
	VPXORQ       Z26, Z26, Z26
	VPXORQ       Z27, Z27, Z27
	VPXORQ       Z28, Z28, Z28
	VPXORQ       Z29, Z29, Z29
	VPXORQ       Z30, Z30, Z30
	VPBROADCASTQ ·outerPadding+8(SB), Z31
	STATE(64)
	JMP          rounds

done:
	TRANSPOSE(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	VBROADCASTI64X2 ·wordOrder(SB), Z8
	VPSHUFB   Z8, Z0, Z0
	VPSHUFB   Z8, Z1, Z1
	VPSHUFB   Z8, Z2, Z2
	VPSHUFB   Z8, Z3, Z3
	VPSHUFB   Z8, Z4, Z4
	VPSHUFB   Z8, Z5, Z5
	VPSHUFB   Z8, Z6, Z6
	VPSHUFB   Z8, Z7, Z7
	VMOVDQU64 Z0, (0*64)(DI)
	VMOVDQU64 Z1, (1*64)(DI)
	VMOVDQU64 Z2, (2*64)(DI)
	VMOVDQU64 Z3, (3*64)(DI)
	VMOVDQU64 Z4, (4*64)(DI)
	VMOVDQU64 Z5, (5*64)(DI)
	VMOVDQU64 Z6, (6*64)(DI)
	VMOVDQU64 Z7, (7*64)(DI)

	// The states of the keys do not stay on the stack.
	VPXORQ    Z0, Z0, Z0
	VMOVDQU64 Z0, (0*64)(SP)
	VMOVDQU64 Z0, (1*64)(SP)
	VMOVDQU64 Z0, (2*64)(SP)
	VMOVDQU64 Z0, (3*64)(SP)
	VMOVDQU64 Z0, (4*64)(SP)
	VMOVDQU64 Z0, (5*64)(SP)
	VMOVDQU64 Z0, (6*64)(SP)
	VMOVDQU64 Z0, (7*64)(SP)
	VZEROUPPER
	RET
