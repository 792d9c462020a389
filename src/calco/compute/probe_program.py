"""A boot sector that does what kernels do first, and says on the serial port how far it came.

It switches to long mode with paging and then prints one letter for each thing that worked:

    L  long mode was reached, with page tables of its own
    P  two virtual addresses of one physical page show the same bytes: paging translates
    C  ``lock cmpxchg16b`` exchanged 16 bytes (every x86-64 kernel's slab allocator)
    X  an SSE register came back from ``xsave64``/``xrstor64`` (every context switch; passed over where CPUID has none)
    T  a breakpoint trap was taken through the IDT and returned from (the kernel's int3 self test)
    S  100,000,000 turns of a loop in supervisor mode ended: code runs, it is not interpreted one instruction at a time

Then it resets the machine through port 0xcf9, which ends QEMU when it was started with ``-no-reboot``. Anything that
goes wrong resets as well, or hangs; the letters tell where.

Memory: 0x1000-0x3fff page tables, 0x4000 IDT, 0x5000 the 16 bytes, 0x5040 the XSAVE area, stack below 0x7c00.
Sources: Intel SDM volume 3A, 9.8.5 (to IA-32e mode), 13 (XSAVE); volume 2, CMPXCHG8B/CMPXCHG16B. Why these: on a
host whose KVM works without vmx and svm stock kernels stalled while unpacking themselves, or died at cmpxchg16b,
xrstor64 and int3, in this order as each was taken away.
"""

PASSED = b"LPCXTS"

_LISTING = """
    ; 0x7c00, 16 bits
    fa                      cli
    31 c0                   xor ax,ax
    8e d8                   mov ds,ax
    8e c0                   mov es,ax
    8e d0                   mov ss,ax
    bc 00 7c                mov sp,0x7c00
    fc                      cld
    bf 00 10                mov di,0x1000
    b9 00 30                mov cx,0x3000
    f3 ab                   rep stosw
    c7 06 00 10 03 20       mov word [0x1000],0x2003        ; PML4[0] -> PDPT
    c7 06 00 20 03 30       mov word [0x2000],0x3003        ; PDPT[0] -> PD
    c7 06 00 30 83 00       mov word [0x3000],0x83          ; 0-2 MiB
    c7 06 08 30 83 00       mov word [0x3008],0x83          ; 2-4 MiB, the same 2 MiB again
    c7 06 30 40 48 7d       mov word [0x4030],0x7d48        ; IDT[3] -> the trap below
    c7 06 32 40 08 00       mov word [0x4032],8
    c7 06 34 40 00 8e       mov word [0x4034],0x8e00
    0f 01 16 64 7d          lgdt [0x7d64]
    0f 01 1e 6a 7d          lidt [0x7d6a]
    66 b8 20 06 00 00       mov eax,0x620                   ; CR4: PAE, OSFXSR, OSXMMEXCPT
    0f 22 e0                mov cr4,eax
    66 b8 00 10 00 00       mov eax,0x1000
    0f 22 d8                mov cr3,eax
    66 b9 80 00 00 c0       mov ecx,0xc0000080              ; EFER
    0f 32                   rdmsr
    0d 00 01                or ax,0x100                     ; LME
    0f 30                   wrmsr
    66 b8 13 00 00 80       mov eax,0x80000013              ; CR0: PG, ET, MP, PE
    0f 22 c0                mov cr0,eax
    ea 76 7c 08 00          jmp 8:0x7c76

    ; 0x7c76, 64 bits
    b8 10 00 00 00          mov eax,16
    8e d8                   mov ds,eax
    8e c0                   mov es,eax
    8e d0                   mov ss,eax
    bc 00 7c 00 00          mov esp,0x7c00
    ba f8 03 00 00          mov edx,0x3f8
    b0 4c                   mov al,'L'
    ee                      out dx,al

    c7 04 25 00 50 20 00 07 00 00 00    mov dword [0x205000],7
    83 3c 25 00 50 00 00 07             cmp dword [0x5000],7
    0f 85 96 00 00 00       jne end
    b0 50                   mov al,'P'
    ee                      out dx,al

    bf 00 50 00 00          mov edi,0x5000
    c7 07 00 00 00 00       mov dword [rdi],0
    31 c0                   xor eax,eax
    31 d2                   xor edx,edx
    bb 01 00 00 00          mov ebx,1
    b9 02 00 00 00          mov ecx,2
    f0 48 0f c7 0f          lock cmpxchg16b [rdi]
    75 73                   jne end
    80 3f 01                cmp byte [rdi],1
    75 6e                   jne end
    80 7f 08 02             cmp byte [rdi+8],2
    75 68                   jne end
    ba f8 03 00 00          mov edx,0x3f8
    b0 43                   mov al,'C'
    ee                      out dx,al

    b8 01 00 00 00          mov eax,1
    0f a2                   cpuid
    0f ba e1 1a             bt ecx,26                       ; XSAVE
    73 34                   jnc saved
    0f 20 e0                mov rax,cr4
    0f ba e8 12             bts eax,18                      ; OSXSAVE
    0f 22 e0                mov cr4,rax
    b8 03 00 00 00          mov eax,3                       ; x87 and SSE
    31 d2                   xor edx,edx
    31 c9                   xor ecx,ecx
    0f 01 d1                xsetbv
    bb 5a 00 00 00          mov ebx,0x5a
    66 0f 6e c3             movd xmm0,ebx
    48 0f ae 67 40          xsave64 [rdi+0x40]
    0f 57 c0                xorps xmm0,xmm0
    48 0f ae 6f 40          xrstor64 [rdi+0x40]
    66 0f 7e c1             movd ecx,xmm0
    39 d9                   cmp ecx,ebx
    75 1f                   jne end
    ba f8 03 00 00          saved: mov edx,0x3f8
    b0 58                   mov al,'X'
    ee                      out dx,al

    31 ed                   xor ebp,ebp
    cc                      int3
    83 fd 01                cmp ebp,1
    75 0f                   jne end
    b0 54                   mov al,'T'
    ee                      out dx,al

    b9 00 e1 f5 05          mov ecx,100000000
    ff c9                   again: dec ecx
    75 fc                   jnz again
    b0 53                   mov al,'S'
    ee                      out dx,al

    ba f9 0c 00 00          end: mov edx,0xcf9
    b0 06                   mov al,6
    ee                      out dx,al
    f4                      stay: hlt
    eb fd                   jmp stay
    ff c5                   trap: inc ebp                   ; 0x7d48
    48 cf                   iretq

    00 00 00 00 00 00 00 00     ; 0x7d4c, the GDT: null,
    ff ff 00 00 00 9a af 00     ; 64-bit code,
    ff ff 00 00 00 92 cf 00     ; data
    17 00 4c 7d 00 00           ; 0x7d64, its limit and place
    3f 00 00 40 00 00           ; 0x7d6a, those of the IDT
"""


def probe_disk() -> bytes:
    """The program as a raw disk of 1 MiB (SeaBIOS 1.16 reads nothing from a disk of one sector)."""
    program = b"".join(bytes.fromhex(_bytes_of(line)) for line in _LISTING.splitlines())
    return (program.ljust(510, b"\0") + b"\x55\xaa").ljust(1 << 20, b"\0")


def _bytes_of(line: str) -> str:
    """The hexadecimal column of a line: what stands before the first gap or comment."""
    return line.strip().partition(";")[0].partition("  ")[0]
