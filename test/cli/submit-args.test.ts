/** The words of `--submit-args`. */
import t from 'tap';
import { parseSubmitArgs, splitWords } from '../../src/cli/commands/job-service/submit-args.js';

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
