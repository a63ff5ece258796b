module libsmp/smp

go 1.21
