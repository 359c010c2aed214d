/** HDFS under the drills: files written over HTTP all the time, read back by hash. */
import { userInfo } from 'node:os';
import type { ServiceUnderTest } from './service.js';
import { FileTree, webHdfsOf } from './webhdfs.js';

/** Three journal nodes, two name nodes, three data nodes. */
export const hadoop: ServiceUnderTest = {
  name: 'hadoop',
  needs: ['zookeeper'],
  options: { hdfs: { blocksize: 1_048_576 }, data_node: { disk: 512 } },
  memMb: 2400,
  seconds: { install: 60, recover: 30 },
  tasks: ['journal-1-node', 'name-0-node', 'name-0-zkfc', 'data-1-node'],
  // The file system belongs to whoever its nodes run as: here the one who started the agents.
  begin: async (live) => new FileTree(webHdfsOf(live, 'hadoop', userInfo().username)),
};
