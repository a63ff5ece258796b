module libsmp/smp

go 1.22
