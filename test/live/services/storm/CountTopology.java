package live;

import java.io.FileWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.Map;
import java.util.UUID;
import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/**
 * Numbers that are counted at least once: what was emitted and acknowledged is told by files of one folder, so that a spout that
 * starts again emits anew all that was not acknowledged. Arguments: name, folder, workers.
 */
public final class CountTopology {
  private CountTopology() {}

  public static void main(String[] args) throws Exception {
    TopologyBuilder builder = new TopologyBuilder();
    builder.setSpout("numbers", new Numbers(args[1]), 1);
    builder.setBolt("count", new Count(args[1]), 2).setNumTasks(4).shuffleGrouping("numbers");
    Config conf = new Config();
    conf.setNumWorkers(Integer.parseInt(args[2]));
    conf.setMaxSpoutPending(100);
    conf.setMessageTimeoutSecs(10);
    StormSubmitter.submitTopology(args[0], conf, builder.createTopology());
  }

  static void line(FileWriter file, Object text) {
    try {
      file.write(text + "\n");
      file.flush();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  /** Emits 0, 1, 2… The file `limit` says below which number all are owed; `stop` that there shall be no more. */
  static final class Numbers extends BaseRichSpout {
    private static final long BLOCK = 500;
    private final String folder;
    private transient SpoutOutputCollector out;
    private transient FileWriter file;
    private transient BitSet acknowledged;
    private transient Deque<Long> again;
    private transient long next;
    private transient long limit;
    private transient boolean done;

    Numbers(String folder) {
      this.folder = folder;
    }

    @Override
    public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
      out = collector;
      again = new ArrayDeque<>();
      acknowledged = new BitSet();
      try {
        Path told = Path.of(folder, "limit");
        limit = Files.exists(told) ? Long.parseLong(Files.readString(told).trim()) : 0;
        Path before = Path.of(folder, "acknowledged");
        if (Files.exists(before)) {
          for (String id : Files.readAllLines(before)) acknowledged.set(Integer.parseInt(id));
        }
        file = new FileWriter(before.toFile(), true);
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
      for (long id = 0; id < limit; id++) if (!acknowledged.get((int) id)) again.add(id);
      next = limit;
    }

    @Override
    public void nextTuple() {
      Long id = again.poll();
      if (id == null && next == limit) {
        if (Files.exists(Path.of(folder, "stop"))) finish();
        else tell("limit", limit += BLOCK);
      }
      if (id == null && next < limit) id = next++;
      if (id != null) out.emit(new Values(id), id);
      try {
        Thread.sleep(4);
      } catch (InterruptedException error) {
        Thread.currentThread().interrupt();
      }
    }

    private void finish() {
      if (done || acknowledged.cardinality() < limit) return;
      done = true;
      tell("done", limit);
    }

    /** By rename, so that it is never half there. */
    private void tell(String name, long number) {
      try {
        Path fresh = Path.of(folder, name + "." + UUID.randomUUID());
        Files.writeString(fresh, number + "\n");
        Files.move(fresh, Path.of(folder, name), StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    @Override
    public void ack(Object id) {
      acknowledged.set(((Long) id).intValue());
      line(file, id);
    }

    @Override
    public void fail(Object id) {
      again.add((Long) id);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
      declarer.declare(new Fields("id"));
    }
  }

  /** Writes each number down before it acknowledges it. */
  static final class Count extends BaseRichBolt {
    private final String folder;
    private transient FileWriter file;
    private transient OutputCollector out;

    Count(String folder) {
      this.folder = folder;
    }

    @Override
    public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
      out = collector;
      try {
        file = new FileWriter(Path.of(folder, "counted-" + context.getThisTaskId()).toFile(), true);
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    @Override
    public void execute(Tuple tuple) {
      line(file, tuple.getLong(0));
      out.ack(tuple);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {}
  }
}
