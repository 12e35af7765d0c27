/* The tree at the side: rows are virtual, levels are read when they are opened. Keys, roles and focus are headless-tree's. */

import { hotkeysCoreFeature, selectionFeature, syncDataLoaderFeature, type ItemInstance } from "@headless-tree/core";
import { useTree } from "@headless-tree/react";
import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore, type CSSProperties, type KeyboardEvent } from "react";
import { useLocation } from "wouter";
import { Icon, Kind } from "../parts/icons";
import { Typed } from "../parts/small";
import { useVirtual } from "../parts/virtual";
import { digits } from "../words/count";
import { treeRoot, type Node, type TreeStore } from "./tree-store";

interface TreeProps {
	store: TreeStore;
	/** The organization that is open, and those above it, the head first. */
	open: string | undefined;
	path: string[];
	/** Returns where a click on a node leads. */
	to: (id: string) => string;
}

export function Tree({ store, open, path, to }: TreeProps) {
	const [, go] = useLocation();
	const version = useSyncExternalStore(store.subscribe, store.read);
	const scroll = useRef<HTMLDivElement>(null);
	const [expanded, setExpanded] = useState<string[]>([]);
	const rowHeight = useRowHeight();

	const choose = (node: Node) => {
		if (node.stands === "more") void store.load(node.of ?? treeRoot, true);
		else if (node.stands === "failed") void store.load(node.of ?? treeRoot);
		else if (!node.stands) go(to(node.id));
	};
	const tree = useTree<Node>({
		rootItemId: treeRoot,
		state: { expandedItems: expanded, selectedItems: open ? [open] : [] },
		setExpandedItems: setExpanded,
		setSelectedItems: () => undefined, // what is selected is what is open
		getItemName: (item) => item.getItemData().name,
		isItemFolder: (item) => isFolder(store, item.getItemData()),
		dataLoader: { getItem: store.node, getChildren: store.children },
		onPrimaryAction: (item) => choose(item.getItemData()),
		scrollToItem: (item) => virtual.show(item.getItemMeta().index),
		features: [syncDataLoaderFeature, selectionFeature, hotkeysCoreFeature],
	});
	const items = tree.getItems();
	const virtual = useVirtual({ count: items.length, height: rowHeight, box: scroll });
	useLayoutEffect(() => tree.rebuildTree(), [tree, version, expanded]);

	useEffect(() => void store.load(treeRoot), [store]);
	useEffect(() => {
		for (const id of expanded) if (!store.has(id)) void store.load(id);
	}, [store, expanded]);

	// The way to what is open is open as well. Whoever closes a part of it meanwhile has it closed.
	const way = path.slice(0, -1).join(" ");
	useEffect(() => {
		if (way) setExpanded((now) => [...new Set([...now, ...way.split(" ")])]);
	}, [way]);
	useEffect(() => {
		const at = items.findIndex((i) => i.getId() === open);
		virtual.show(at);
		// Only when something else is open, or has come to be there: not at every scroll.
		// eslint-disable-next-line react-hooks/exhaustive-deps
	}, [open, items.some((i) => i.getId() === open)]);

	const focused = items.find((i) => i.isFocused());
	const rows = virtual.items;
	const entry = focused && rows.some((r) => r.index === focused.getItemMeta().index) ? focused.getId() : (open ?? items[0]?.getId());
	return (
		<div className="side-scroll" ref={scroll}>
			<div
				{...tree.getContainerProps("Organizations")}
				className="tree"
				style={{ height: virtual.total }}
				onKeyDown={(e) => onTreeKey(e, items, choose, setExpanded)}
			>
				{rows.map((row) => {
					const item = items[row.index];
					if (!item) return null;
					return (
						<Row
							key={item.getId()}
							item={item}
							store={store}
							top={row.start}
							tabbable={item.getId() === entry}
							choose={choose}
							toggle={(id) => setExpanded((now) => (now.includes(id) ? now.filter((n) => n !== id) : [...now, id]))}
						/>
					);
				})}
			</div>
		</div>
	);
}

function isFolder(store: TreeStore, node: Node): boolean {
	if (node.id === treeRoot) return true;
	return !node.stands && (node.below === undefined || node.below > 0 || store.children(node.id).length > 0);
}

interface RowProps {
	item: ItemInstance<Node>;
	store: TreeStore;
	top: number;
	tabbable: boolean;
	choose: (node: Node) => void;
	toggle: (id: string) => void;
}

function Row({ item, store, top, tabbable, choose, toggle }: RowProps) {
	const node = item.getItemData();
	const meta = item.getItemMeta();
	const level = meta.level + 1;
	const folder = isFolder(store, node);
	const hover = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
	const { onClick: _click, "aria-label": _label, ...props } = item.getProps(); // its text names it
	return (
		<div
			{...props}
			className="tree-row"
			aria-level={level}
			aria-setsize={meta.setSize}
			aria-posinset={meta.posInSet + 1}
			aria-expanded={folder ? item.isExpanded() : undefined}
			tabIndex={tabbable ? 0 : -1}
			data-ended={node.active ? undefined : ""}
			data-stands={node.stands}
			style={{ transform: `translateY(${top}px)`, "--level": level - 1 } as CSSProperties}
			onClick={() => {
				item.setFocused();
				choose(node);
			}}
			onPointerEnter={() => {
				// Whoever rests on a node is likely to open it.
				if (folder && !store.has(node.id)) hover.current = setTimeout(() => void store.load(node.id), 80);
			}}
			onPointerLeave={() => clearTimeout(hover.current)}
		>
			{folder ? (
				<span
					className="twist"
					aria-hidden="true"
					onClick={(e) => {
						e.stopPropagation();
						toggle(node.id);
					}}
				>
					<Icon name="next" />
				</span>
			) : (
				<span className="leaf" />
			)}
			{!node.stands && <Kind kind={node.kind} />}
			<span className="name">
				<Typed>{node.name}</Typed>
			</span>
			{!node.active && <span className="tag end">ended</span>}
			{node.active && node.below ? (
				<span className="count end" aria-label={`${node.below} below`}>
					{digits(node.below)}
				</span>
			) : null}
		</div>
	);
}

/** The keys of the ARIA pattern that headless-tree has not: Enter goes there, * opens all siblings, and typing finds the next that begins so. */
function onTreeKey(
	e: KeyboardEvent,
	items: ItemInstance<Node>[],
	choose: (node: Node) => void,
	setExpanded: (change: (now: string[]) => string[]) => void,
) {
	if (e.ctrlKey || e.metaKey || e.altKey || (e.key.length !== 1 && e.key !== "Enter")) return;
	const at = items.findIndex((i) => i.isFocused());
	const here = items[at];
	if (!here) return;
	e.preventDefault();
	if (e.key === "Enter" || e.key === " ") {
		choose(here.getItemData());
		return;
	}
	if (e.key === "*") {
		const siblings = items.filter((i) => i.getItemMeta().parentId === here.getItemMeta().parentId && i.isFolder());
		setExpanded((now) => [...new Set([...now, ...siblings.map((s) => s.getId())])]);
		return;
	}
	const begin = e.key.toLocaleLowerCase();
	const found = [...items.slice(at + 1), ...items.slice(0, at)].find((i) => i.getItemName().toLocaleLowerCase().startsWith(begin));
	if (found) {
		found.setFocused();
		requestAnimationFrame(() => found.getElement()?.focus());
	}
}

/** Returns the height of a row in pixels, which density and pointer change. */
function useRowHeight(): number {
	const [height, setHeight] = useState(32);
	useEffect(() => {
		const read = () => {
			const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
			setHeight(parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row-tree")) * rem || 32);
		};
		read();
		const watch = new MutationObserver(read);
		watch.observe(document.documentElement, { attributes: true, attributeFilter: ["data-density"] });
		return () => watch.disconnect();
	}, []);
	return height;
}
