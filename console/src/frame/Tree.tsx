/* The tree at the side: rows are virtual, levels are read when they are opened. Keys, roles and focus are headless-tree's. */

import { hotkeysCoreFeature, selectionFeature, syncDataLoaderFeature, type ItemInstance } from "@headless-tree/core";
import { useTree } from "@headless-tree/react";
import {
	useEffect,
	useLayoutEffect,
	useRef,
	useState,
	useSyncExternalStore,
	type CSSProperties,
	type DragEvent,
	type KeyboardEvent,
} from "react";
import { useLocation } from "wouter";
import { useMayAt } from "../api/me";
import { Icon, Kind } from "../parts/icons";
import { notify } from "../parts/live";
import { Typed } from "../parts/small";
import { useVirtual } from "../parts/virtual";
import { digits } from "../words/count";
import { cut, move, useMoving } from "./moving";
import { treeRoot, type Node, type TreeStore } from "./tree-store";
import { t } from "../words/message";

interface TreeProps {
	store: TreeStore;
	/** The organization that is open, and those above it, the head first. */
	open: string | undefined;
	path: string[];
	/** Returns where a click on a node leads. */
	to: (id: string) => string;
}

export default function Tree({ store, open, path, to }: TreeProps) {
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
		store.opened(expanded);
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
	const branch = useBranch(
		items,
		rows.map((r) => items[r.index]?.getId() ?? ""),
	);
	const entry = focused && rows.some((r) => r.index === focused.getItemMeta().index) ? focused.getId() : (open ?? items[0]?.getId());
	return (
		<div className="side-scroll" ref={scroll}>
			<div
				{...tree.getContainerProps(t("common.organizations"))}
				className="tree"
				style={{ height: virtual.total }}
				onFocus={(e) => {
					// The focus may come from elsewhere: by Tab, or a click beside the text.
					const item = items.find((i) => i.getElement() === e.target);
					if (item && !item.isFocused()) item.setFocused();
				}}
				onKeyDown={(e) =>
					branch.onKey(
						e,
						items.find((i) => i.isFocused()),
					) || onTreeKey(e, items, choose, setExpanded)
				}
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
							branch={branch}
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
	branch: ReturnType<typeof useBranch>;
	toggle: (id: string) => void;
}

function Row({ item, store, top, tabbable, choose, branch, toggle }: RowProps) {
	const node = item.getItemData();
	const meta = item.getItemMeta();
	const level = meta.level + 1;
	const folder = isFolder(store, node);
	const hover = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
	const not = branch.impossible(item);
	const { onClick: _click, "aria-label": _label, ...props } = item.getProps(); // its text names it
	return (
		<div
			{...props}
			{...branch.drag(item)}
			className="tree-row"
			data-cut={branch.is(node.id) ? "" : undefined}
			data-impossible={not ? "" : undefined}
			aria-disabled={not ? true : undefined}
			aria-description={not || undefined}
			title={not || undefined}
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
			{!node.active && <span className="tag end">{t("common.ended")}</span>}
			{node.active && node.below ? (
				<span className="count end" aria-label={t("frame.tree.below", { below: node.below })}>
					{digits(node.below)}
				</span>
			) : null}
		</div>
	);
}

/**
 * A branch that is cut or dragged, and where it can go: what cannot be its place is dimmed and says why. Whether the caller may put it
 * somewhere is asked of the rows that are shown.
 */
function useBranch(items: ItemInstance<Node>[], shown: string[]) {
	const { cut: branch } = useMoving();
	const may = useMayAt(branch ? shown.filter((id) => id && !id.includes(":")) : []);
	const inside = (item: ItemInstance<Node>): boolean => {
		const parent = item.getItemMeta().parentId;
		return parent === branch?.id || items.some((i) => i.getId() === parent && inside(i));
	};
	const impossible = (item: ItemInstance<Node>): string | false => {
		if (!branch || item.getItemData().stands) return false;
		const id = item.getId();
		if (id === branch.id) return t("frame.tree.itIsWhatIsMoved");
		if (id === branch.parent) return t("common.itIsThereAlready");
		if (inside(item)) return t("frame.tree.itIsInsideOfWhat");
		return may.has(id) && !may(id, "organizations:write") && t("common.itTakesOrganizationsWriteThere");
	};
	const take = (item: ItemInstance<Node>) => {
		const { parentId } = item.getItemMeta();
		cut({ id: item.getId(), name: item.getItemName(), parent: parentId === treeRoot ? undefined : parentId });
	};
	const put = (item: ItemInstance<Node>) => {
		if (!branch || item.getItemData().stands) return;
		const not = impossible(item);
		if (not) notify(t("frame.tree.cannotGoThere", { name: branch.name, not }));
		else move({ id: branch.id, to: item.getId() });
	};
	return {
		impossible,
		is: (id: string) => branch?.id === id,
		/** Handles Ctrl X, Ctrl V and Esc, and reports whether it was one of them. */
		onKey: (e: KeyboardEvent, focused: ItemInstance<Node> | undefined): boolean => {
			const key = e.key.toLowerCase();
			if (e.key === "Escape" && branch) cut(null);
			else if (!(e.ctrlKey || e.metaKey) || !focused) return false;
			else if (key === "x" && !focused.getItemData().stands) {
				take(focused);
				notify(t("frame.tree.cutCtrlVOnWhat", { getItemName: focused.getItemName() }));
			} else if (key === "v" && branch) put(focused);
			else return false;
			e.preventDefault();
			return true;
		},
		drag: (item: ItemInstance<Node>) => ({
			draggable: !item.getItemData().stands,
			onDragStart: (e: DragEvent) => {
				e.dataTransfer.effectAllowed = "move";
				e.dataTransfer.setData("text/plain", item.getItemName());
				take(item);
			},
			onDragOver: (e: DragEvent) => {
				if (branch && !impossible(item)) e.preventDefault();
			},
			onDrop: (e: DragEvent) => {
				e.preventDefault();
				put(item);
			},
			onDragEnd: () => cut(null),
		}),
	};
}

let typed = { text: "", at: 0 };

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
	const goesOn = e.timeStamp - typed.at < 700;
	if (e.key === "Enter" || (e.key === " " && !goesOn)) {
		choose(here.getItemData());
		return;
	}
	if (e.key === "*") {
		const siblings = items.filter((i) => i.getItemMeta().parentId === here.getItemMeta().parentId && i.isFolder());
		setExpanded((now) => [...new Set([...now, ...siblings.map((s) => s.getId())])]);
		return;
	}
	typed = { text: (goesOn ? typed.text : "") + e.key.toLocaleLowerCase(), at: e.timeStamp };
	const { text } = typed;
	// One letter goes to the next that begins with it; more of them stay where they still fit.
	const from = text.length > 1 ? at : at + 1;
	const found = [...items.slice(from), ...items.slice(0, from)].find((i) => i.getItemName().toLocaleLowerCase().startsWith(text));
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
