import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.module.scala.DefaultScalaModule;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.camunda.dmn.DmnEngine;
import org.camunda.feel.api.FeelEngineApi;
import org.camunda.feel.api.FeelEngineBuilder;

/**
 * Evaluates what the file says, one line for each: nanoseconds, a tab, the first result as JSON. Time is the thread's own:
 * the compiler's and the collector's threads are not counted.
 */
public class Peer {
  private static final long WARM_UP = 5_000_000_000L;
  private static final long BATCH = 200_000_000L;
  private static final int BATCHES = 7;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static Object kept;

  interface Run {
    Object with(Map<String, Object> variables);
  }

  @SuppressWarnings("unchecked")
  public static void main(String[] arguments) throws Exception {
    ObjectMapper mapper =
        new ObjectMapper()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .registerModule(new DefaultScalaModule());
    for (JsonNode work : mapper.readTree(new File(arguments[0]))) {
      // As engines hold them before an evaluation: decoded already.
      Map<String, Object>[] variables = new Map[work.get("variables").size()];
      for (int i = 0; i < variables.length; i++) {
        variables[i] = mapper.convertValue(work.get("variables").get(i), Map.class);
      }
      Run run = work.has("dmn") ? decision(work) : expression(work);
      String result = mapper.writeValueAsString(run.with(variables[0]));
      System.out.println(measured(run, variables) + "\t" + result);
    }
  }

  private static Run expression(JsonNode work) {
    FeelEngineApi engine = FeelEngineBuilder.forJava().build();
    var parsed = engine.parseExpression(work.get("expression").asText()).parsedExpression();
    return variables -> engine.evaluate(parsed, variables).result();
  }

  private static Run decision(JsonNode work) {
    DmnEngine engine = new DmnEngine.Builder().build();
    byte[] xml = work.get("dmn").asText().getBytes(StandardCharsets.UTF_8);
    var parsed = engine.parse(new ByteArrayInputStream(xml)).toOption().get();
    return variables -> {
      var result = engine.eval(parsed, "rate", variables).toOption().get();
      return ((DmnEngine.Result) result).value();
    };
  }

  /** The median of some batches, after a warm-up. */
  private static double measured(Run run, Map<String, Object>[] variables) {
    long rounds = 1;
    for (long warm = 0; warm < WARM_UP; ) {
      long took = batch(run, variables, rounds);
      warm += took;
      if (took < BATCH / 2) {
        rounds *= 2;
      }
    }
    double[] each = new double[BATCHES];
    for (int i = 0; i < BATCHES; i++) {
      each[i] = (double) batch(run, variables, rounds) / rounds;
    }
    Arrays.sort(each);
    return each[BATCHES / 2];
  }

  private static long batch(Run run, Map<String, Object>[] variables, long rounds) {
    long before = THREADS.getCurrentThreadCpuTime();
    for (long i = 0; i < rounds; i++) {
      kept = run.with(variables[(int) (i % variables.length)]);
    }
    return THREADS.getCurrentThreadCpuTime() - before;
  }
}
