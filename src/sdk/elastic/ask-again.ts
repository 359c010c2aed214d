/**
 * The program that a driver is: Spark's `SparkSubmit`, and beside it a thread that repeats to the
 * master how many executors the job wants while it has fewer. A driver says it only when the number
 * changes, and a master that was restarted goes back to none for jobs with dynamic allocation
 * (`StandaloneSchedulerBackend` sets the first limit to 0): a job that lost its last executor after
 * that would wait for ever. Spark carries the compiler that starts it (Janino, for its SQL), which
 * knows no lambdas and no generics worth the name.
 */

/** Where its text goes in a driver's sandbox. */
export const askAgainFile = 'conf/AskAgain.java';

/** How Java starts it; the words of `SparkSubmit` follow. */
export const askAgainMain = `org.codehaus.janino.SimpleCompiler ${askAgainFile} AskAgain`;

/** Its text, in Java. */
export const askAgainJava = `import java.lang.reflect.Method;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.scheduler.cluster.CoarseGrainedSchedulerBackend;
import scala.collection.Iterator;
import scala.collection.immutable.Map;
import scala.collection.immutable.Map$;
import scala.collection.mutable.HashMap;

public class AskAgain implements Runnable {
  public static void main(String[] words) throws Throwable {
    Thread asking = new Thread(new AskAgain(), "asks-again");
    asking.setDaemon(true);
    asking.start();
    org.apache.spark.deploy.SparkSubmit.main(words);
  }

  public void run() {
    try {
      while (true) {
        Thread.sleep(5000L);
        if (!SparkContext$.MODULE$.getActive().isEmpty()) {
          ask(((SparkContext) SparkContext$.MODULE$.getActive().get()).schedulerBackend());
        }
      }
    } catch (Throwable error) {
      System.err.println("executors that a restarted master forgets are not asked for: " + error);
    }
  }

  private static void ask(Object given) throws Throwable {
    if (!(given instanceof CoarseGrainedSchedulerBackend)) return;
    CoarseGrainedSchedulerBackend backend = (CoarseGrainedSchedulerBackend) given;
    Method wanted = CoarseGrainedSchedulerBackend.class.getDeclaredMethod(
        "requestedTotalExecutorsPerResourceProfile", new Class[0]);
    wanted.setAccessible(true);
    Map totals = Map$.MODULE$.empty();
    int total = 0;
    // Its own lock: the numbers of one moment, and no older ones after newer ones.
    synchronized (backend) {
      Iterator each = ((HashMap) wanted.invoke(backend, new Object[0])).iterator();
      while (each.hasNext()) {
        scala.Tuple2 pair = (scala.Tuple2) each.next();
        totals = (Map) totals.$plus(pair);
        total += ((Number) pair._2()).intValue();
      }
      if (backend.getExecutorIds().size() < total) backend.doRequestTotalExecutors(totals);
    }
  }
}
`;
