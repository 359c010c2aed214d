/**
 * As whom the control plane and service schedulers speak to Mesos: on a local cluster each as
 * itself, on an Apache Mesos all as the one principal that the user has given
 * (docs/architecture.md, "Who is who").
 */
import { basicAuthorization, type Credential, secretOf } from '../core/credentials.js';
import type { LocalCluster } from '../wire/local-cluster.js';

/** Who is who to the master. */
export interface MesosLogin {
  /** The one principal of all, where there is one. */
  readonly shared: Credential | undefined;
  /** PEM of the authority that signs for the masters, beside the known ones. */
  readonly authority: string | undefined;
  /** As whom the server or framework of that name speaks. */
  as(name: string): Credential;
  /** The value of its `Authorization`. */
  authorization(name: string): string;
}

/** What `up` has written down beside the description of the cluster. */
export interface MesosKeys {
  readonly secret?: string | undefined;
  readonly authority?: string | undefined;
}

/** Puts it together. */
export function mesosLoginOf(
  { mesosPrincipal }: Pick<LocalCluster, 'mesosPrincipal'>,
  clusterKey: string,
  { secret, authority }: MesosKeys,
): MesosLogin {
  const shared =
    mesosPrincipal === undefined || secret === undefined
      ? undefined
      : { principal: mesosPrincipal, secret };
  const as = (name: string): Credential =>
    shared ?? { principal: name, secret: secretOf(clusterKey, name) };
  return {
    shared,
    authority,
    as,
    authorization: (name) => {
      const { principal, secret: proof } = as(name);
      return basicAuthorization(principal, proof);
    },
  };
}
