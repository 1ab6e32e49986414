process.stderr.write('leader-run: not built yet\n');
process.exitCode = 125;
