/** Finds the nodes of a board that are no devices of a partition: GIC, ITS, SMMU, timer. */

import { isCompatible, type PlacedNode, type Tree } from './tree.ts';

/** A conversion under way: the tree, and what has to be said about it so far. */
export interface Conversion {
  readonly tree: Tree;
  readonly warnings: string[];
}

/** Nodes that the hypervisor itself drives; null where the tree has none. */
export interface BoardNodes {
  readonly gic: PlacedNode | null;
  readonly its: PlacedNode | null;
  readonly smmu: PlacedNode | null;
  readonly timer: PlacedNode | null;
}

/**
 * Finds them; of several ITS or SMMU nodes the first, the others stay firmware devices with a
 * warning.
 */
export function findBoardNodes(conversion: Conversion): BoardNodes {
  const find = (compatible: string): PlacedNode | null => {
    const [first, ...others] = conversion.tree.nodes.filter(({ node }) =>
      isCompatible(node, compatible),
    );
    for (const other of others) {
      conversion.warnings.push(
        `${other.path}: a second ${compatible} cannot be described; it is a firmware device that ` +
          'nobody may own',
      );
    }
    return first ?? null;
  };
  return {
    gic: find('arm,gic-v3'),
    its: find('arm,gic-v3-its'),
    smmu: find('arm,smmu-v3'),
    timer: find('arm,armv8-timer'),
  };
}
