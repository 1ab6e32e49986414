// leader-run --lock-name search --warm -- sh -c 'exec java Warm.java <&"$LEADER_RUN_FD"'
// The shell makes the descriptor standard input, because Java cannot open one by its number.

import java.io.BufferedReader;
import java.io.InputStreamReader;

public class Warm {
  public static void main(String[] arguments) throws Exception {
    // What takes long: the JVM itself, classes, caches, indexes.
    System.out.println("started");
    String line = new BufferedReader(new InputStreamReader(System.in)).readLine();
    // End of file without a line: this process will never lead.
    if (line == null) System.exit(1);
    System.out.println("leads " + line);
    Thread.sleep(Long.MAX_VALUE);
  }
}
