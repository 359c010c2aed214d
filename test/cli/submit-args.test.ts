/** The words of `--submit-args`, and what a job is told of other services. */
import t from 'tap';
import { brokerAddresses, hdfsProperties } from '../../src/cli/commands/job-service/configured.js';
import { parseSubmitArgs, splitWords } from '../../src/cli/commands/job-service/submit-args.js';
import type { Http } from '../../src/client/http.js';

t.test(
  'submit-args › options become properties, what follows the application is its own',
  async (t) => {
    const text =
      "--class org.example.Main --conf 'spark.x=a b' --conf=spark.y=1 --executor-memory 1g " +
      '--supervise --jars a.jar,b.jar --master mesos://x --deploy-mode cluster ' +
      'app.jar --class "two words" 3';
    t.same(parseSubmitArgs(text), {
      appResource: 'app.jar',
      mainClass: 'org.example.Main',
      appArgs: ['--class', 'two words', '3'],
      properties: {
        'spark.x': 'a b',
        'spark.y': '1',
        'spark.executor.memory': '1g',
        'spark.driver.supervise': 'true',
        'spark.jars': 'a.jar,b.jar',
      },
    });
  },
);

t.test('submit-args › what is wrong is named', async (t) => {
  const cases: [string, RegExp][] = [
    ['--class', /--class needs a value/],
    ['--class a.B', /names no application/],
    ['--conf spark.x app.jar', /is not name=value/],
    ['--exectuor-memory 1g app.jar', /unknown option '--exectuor-memory'/],
    ['"app.jar', /is not closed/],
  ];
  for (const [text, message] of cases)
    t.throws(() => parseSubmitArgs(text), { code: 'usage', message });
});

t.test('submit-args › words are split as a shell does', async (t) => {
  t.same(splitWords(` a 'b c' "d \\"e\\" $f" g\\ h '' `), ['a', 'b c', 'd "e" $f', 'g h', '']);
});

/** A gateway that knows these endpoints by `<service>/<name>`. */
function aGateway(endpoints: Readonly<Record<string, unknown>>): Http {
  const answer = async ({ path }: { path: string }): Promise<object> => {
    const [, service, name] = /^\/service\/([^/]+)\/v1\/endpoints\/(.+)$/.exec(path) ?? [];
    const data = endpoints[`${service}/${name}`];
    if (data === undefined) return { status: 404, data: { message: `there is no ${name}` } };
    return { status: 200, data };
  };
  return { answer, connection: { url: 'http://gateway' } } as unknown as Http;
}

t.test('hdfs and kafka › what their endpoints say becomes properties and addresses', async (t) => {
  const http = aGateway({
    'hadoop/hdfs-site.xml': `<?xml version="1.0"?>
      <!-- <property><name>no</name><value>no</value></property> -->
      <configuration>
        <property><name>dfs.nameservices</name><value>hadoop</value></property>
        <property><name>a&amp;b</name><value> &lt;x&gt; </value><final>true</final></property>
        <property><name>empty</name></property>
      </configuration>`,
    'hadoop/core-site.xml':
      '<property><name>fs.defaultFS</name><value>hdfs://hadoop</value></property>',
    'kafka/broker': { address: ['127.0.0.1:1025', '127.0.0.2:1025'] },
    'young/broker': { address: [] },
    'other/hdfs-site.xml': { address: [] },
    'other/core-site.xml': '',
  });
  t.same(await hdfsProperties(http, 'hadoop'), {
    'spark.hadoop.dfs.nameservices': 'hadoop',
    'spark.hadoop.a&b': '<x>',
    'spark.hadoop.fs.defaultFS': 'hdfs://hadoop',
  });
  t.equal(await brokerAddresses(http, 'kafka'), '127.0.0.1:1025,127.0.0.2:1025');
  await t.rejects(brokerAddresses(http, 'young'), { code: 'unreachable', message: /no broker/ });
  await t.rejects(hdfsProperties(http, 'other'), { code: 'invalid', message: /no files/ });
  await t.rejects(hdfsProperties(http, 'kafka'), { code: 'not-found' });
});
