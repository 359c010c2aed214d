/** The hello-world scenario on both engines. */
import { helloWorld } from '../../scenarios/hello-world.js';
import { apacheMesos, embedded } from '../engine.js';
import type { LiveCheck } from '../live.js';
import { mesosInstall, mesosObstacle, mesosScripts } from '../mesos-install.js';

/** On our own master and agents. */
export const helloWorldEmbedded: LiveCheck = {
  name: 'hello-world on the embedded cluster',
  seconds: 60,
  kind: 'core',
  run: (live) => helloWorld(live, embedded(live)),
};

/** On the original. */
export const helloWorldApache: LiveCheck = {
  name: 'hello-world on Apache Mesos',
  seconds: 90,
  kind: 'core',
  obstacle: mesosObstacle,
  run: async (live) => {
    const engine = apacheMesos(live, mesosScripts, mesosInstall());
    live.onTidy(() => engine.stop());
    await helloWorld(live, engine);
  },
};
