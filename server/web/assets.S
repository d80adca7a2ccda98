/* The files of the status page as bytes of the program. Scripts stand in the order in which they run, as one module. */
    .section .rodata

    .global mydht_page_style
mydht_page_style:
    .incbin "server/web/page/page.css"
    .global mydht_page_style_end
mydht_page_style_end:

    .global mydht_page_body
mydht_page_body:
    .incbin "server/web/page/page.html"
    .global mydht_page_body_end
mydht_page_body_end:

    .global mydht_page_script
mydht_page_script:
    .incbin "server/web/page/dom.js"
    .incbin "server/web/page/text.js"
    .incbin "server/web/page/health.js"
    .incbin "server/web/page/ring.js"
    .incbin "server/web/page/nodes.js"
    .incbin "server/web/page/upkeep.js"
    .incbin "server/web/page/traffic.js"
    .incbin "server/web/page/lately.js"
    .incbin "server/web/page/keys.js"
    .incbin "server/web/page/put.js"
    .incbin "server/web/page/live.js"
    .incbin "server/web/page/main.js"
    .global mydht_page_script_end
mydht_page_script_end:

    .global mydht_page_icon
mydht_page_icon:
    .incbin "server/web/page/icon.svg"
    .global mydht_page_icon_end
mydht_page_icon_end:

    .section .note.GNU-stack, "", %progbits
